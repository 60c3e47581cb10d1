/// `FIRST-LAST`, both included, or `FIRST-` up to the end.
struct PositionRange: Sendable {
  let first: Int
  /// nil for the end.
  let last: Int?

  init?(_ text: String) {
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let first = Self.number(parts[0]) else { return nil }
    self.first = first
    if parts[1].isEmpty {
      last = nil
    } else {
      guard let last = Self.number(parts[1]), last >= first else { return nil }
      self.last = last
    }
  }

  private static func number(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text).flatMap { $0 <= Int(Int32.max) ? $0 : nil } : nil
  }
}
