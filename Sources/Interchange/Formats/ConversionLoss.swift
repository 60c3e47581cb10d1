/// Something that a conversion does not keep, for people to read; `count` of `total` numbers are concerned, where
/// numbers are what is lost.
public struct ConversionLoss: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    /// Numbers are not those that were there: the file had quantised them, or another element type rounds them.
    case rounding
    /// The target has no place for something: probe queries, token ids.
    case dropped
  }

  public var kind: Kind
  /// A clause without a full stop: `keys were stored as q8_0`, `probe queries are left out`.
  public var what: String
  public var count: Int?
  public var total: Int?

  public init(_ kind: Kind, _ what: String, count: Int? = nil, of total: Int? = nil) {
    self.kind = kind
    self.what = what
    self.count = count
    self.total = total
  }
}
