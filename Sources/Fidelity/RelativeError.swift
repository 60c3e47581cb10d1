/// ‖x−x̃‖₂ / ‖x‖₂, gathered piece by piece in `Double`.
public struct RelativeError: Hashable, Sendable {
  /// Σ (x−x̃)².
  public var differenceEnergy: Double = 0
  /// Σ x².
  public var referenceEnergy: Double = 0

  public init() {}

  /// Adds the elements of `reference` and of what was made of them.
  public mutating func add(_ reference: some Collection<Float>, _ restored: some Collection<Float>) {
    precondition(reference.count == restored.count)
    var (difference, total) = (0.0, 0.0)
    for (x, y) in zip(reference, restored) {
      let d = x == y ? 0 : Double(x) - Double(y)
      difference += d * d
      total += Double(x) * Double(x)
    }
    differenceEnergy += difference
    referenceEnergy += total
  }

  /// Adds what another part of the same whole gathered.
  public mutating func add(_ other: RelativeError) {
    differenceEnergy += other.differenceEnergy
    referenceEnergy += other.referenceEnergy
  }

  /// The relative error. 0 where both are equal, even if all zero or infinite; infinity where only the reference is
  /// zero; a NaN anywhere, or an infinity on one side only, makes it infinity, so that no comparison with a limit lets
  /// it pass.
  public var value: Double {
    if differenceEnergy == 0 { return 0 }
    let ratio = (differenceEnergy / referenceEnergy).squareRoot()
    return differenceEnergy.isFinite && !ratio.isNaN ? ratio : .infinity
  }
}
