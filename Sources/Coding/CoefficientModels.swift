/// Which static model each row of a matrix of quantised coefficients is coded by.
///
/// Index 0: the row is all zero and no symbol of it is coded. Indices 1…26: the tables of the family from the narrowest
/// to the widest. Indices 27…62: table 24 + (index − 27) mod 3 for the value's high part, after 1 + (index − 27) / 3 low
/// bits have been split off that are stored as they are.
public struct CoefficientModels: Equatable, Sendable {
  /// The shape of the distributions in a family's tables.
  public enum Family: UInt8, CaseIterable, Sendable {
    /// exp(−|x|/s), integrated over the quantiser's unit cells.
    case laplace = 0
    /// exp(−(|x|/s)^1.6), integrated likewise: nearer to what decorrelated caches hold.
    case normal = 1
  }

  public let family: Family
  /// One index, 0…62, a row.
  public let indices: [UInt8]

  /// The highest model index.
  static let largestIndex: UInt8 = 62

  /// The table (0…25) and the count of low bits split off that `index` (1…62) stands for.
  static func choice(_ index: UInt8) -> (table: Int, shift: Int) {
    index <= 26 ? (Int(index) - 1, 0) : (23 + (Int(index) - 27) % 3, (Int(index) - 27) / 3 + 1)
  }
}
