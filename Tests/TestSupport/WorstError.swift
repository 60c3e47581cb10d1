/// The largest of some errors; a NaN counts as infinite, so that none slips through a comparison.
public struct WorstError: Sendable {
  public private(set) var value = 0.0

  public init() {}

  public mutating func add(_ error: Double) {
    if !(error <= value) { value = error.isNaN ? .infinity : error }
  }

  /// Adds |found − expected|, in units of `unit`.
  public mutating func add(_ found: Float, _ expected: Double, unit: Double = 1) {
    let difference = abs(Double(found) - expected)
    add(difference == 0 ? 0 : difference / unit)
  }

  /// The largest |found − expected|; infinite if the counts differ.
  public static func between(_ found: [Float], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    var worst = WorstError()
    for (x, y) in zip(found, expected) { worst.add(x, y) }
    return worst.value
  }
}
