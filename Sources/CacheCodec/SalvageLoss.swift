import KVCacheModel

/// Rows of some layers that a damaged section took with it.
public struct SalvageLoss: Sendable, CustomStringConvertible {
  /// Keys or values; nil for the token ids.
  public var kind: CacheKind?
  /// The layers that the section is about.
  public var layers: Range<Int>
  /// The rows of each of these layers that are lost.
  public var rows: Range<Int>
  /// What is wrong with the section.
  public var error: any Error

  public init(kind: CacheKind?, layers: Range<Int>, rows: Range<Int>, error: any Error) {
    self.kind = kind
    self.layers = layers
    self.rows = rows
    self.error = error
  }

  /// One line: what is lost, and why.
  public var description: String {
    guard let kind else { return "token ids: \(error)" }
    let place =
      layers.count == 1 ? "layer \(layers.lowerBound)" : "layers \(layers.lowerBound) to \(layers.upperBound - 1)"
    return "\(kind.name)s of \(place), rows \(rows.lowerBound) to \(rows.upperBound - 1): \(error)"
  }
}
