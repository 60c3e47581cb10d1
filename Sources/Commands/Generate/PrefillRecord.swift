/// What a capture's provenance says of the time that its prefill took.
enum PrefillRecord {
  /// The name of the line of provenance.
  static let key = "prefill_seconds"

  /// The line's text, to the millisecond.
  static func text(_ seconds: Double) -> String { String(Double(Int(seconds * 1000)) / 1000) }

  /// The seconds; nil if the provenance does not say, or says what is no time.
  static func seconds(_ provenance: [String: String]) -> Double? {
    guard let seconds = provenance[key].flatMap(Double.init), seconds.isFinite, seconds >= 0 else { return nil }
    return seconds
  }
}
