import CKernels

/// The uniform quantiser with a dead zone: q = x / step moved toward 0 by `deadZone`, rounded to the nearest integer, ties
/// to even, held to Int16. A dead zone of 0 gives the mid-tread quantiser; with a dead zone of z the cell of 0 reaches to
/// ½ + z and every other cell is moved outward by z, so that a bias of −z puts values back into the middle of their cells.
public struct Quantiser: Equatable, Sendable {
  /// The width of a cell, in the unit of the values; positive and finite.
  public let step: Float
  /// How far toward zero, in steps, values other than 0 are put back: −½…½.
  public let bias: Float
  /// How far the cells are moved away from 0, in steps: 0…½.
  public let deadZone: Float

  public init(step: Float, bias: Float = 0, deadZone: Float = 0) {
    precondition(step > 0 && step.isFinite, "step must be positive and finite, not \(step)")
    precondition((-0.5...0.5).contains(bias), "bias must be −0.5…0.5, not \(bias)")
    precondition((0...0.5).contains(deadZone), "dead zone must be 0…0.5, not \(deadZone)")
    self.step = step
    self.bias = bias
    self.deadZone = deadZone
  }

  /// Quantises `values` into `target`, of the same count. Returns how many did not fit: those whose q lies outside
  /// −32768…32767, which are held to the end they passed, and NaNs, which become 0.
  @discardableResult
  public func quantise(_ values: UnsafeBufferPointer<Float>, into target: UnsafeMutableBufferPointer<Int16>) -> Int {
    quantise(values, into: target, .selected)
  }

  /// The indices of those of `values` that `quantise` counts as not fitting.
  public func unfit(_ values: UnsafeBufferPointer<Float>) -> [Int] {
    values.indices.filter { !(-32768...32767).contains(rounded(values[$0])) }
  }

  /// q before it is held to Int16.
  private func rounded(_ value: Float) -> Float {
    let scaled = value / step
    return (scaled - Float(signOf: scaled, magnitudeOf: deadZone)).rounded(.toNearestOrEven)
  }

  /// Puts `symbols` back into `target`, of the same count: (q − bias) · step for q > 0, (q + bias) · step for q < 0, and 0
  /// for 0, each operation rounded to Float.
  public func dequantise(_ symbols: UnsafeBufferPointer<Int16>, into target: UnsafeMutableBufferPointer<Float>) {
    dequantise(symbols, into: target, .selected)
  }

  func quantise(
    _ values: UnsafeBufferPointer<Float>, into target: UnsafeMutableBufferPointer<Int16>, _ level: SIMDLevel
  ) -> Int {
    precondition(values.count == target.count, "\(values.count) values for \(target.count) places")
    guard values.count > 0 else { return 0 }
    guard level == .reference else {
      return fkv_quantise(level.rawValue, values.baseAddress!, target.baseAddress!, values.count, step, deadZone)
    }
    var outside = 0
    for (i, value) in values.enumerated() {
      let q = rounded(value)
      if !(q >= -32768 && q <= 32767) { outside += 1 }
      target[i] = q.isNaN ? 0 : Int16(min(max(q, -32768), 32767))
    }
    return outside
  }

  func dequantise(
    _ symbols: UnsafeBufferPointer<Int16>, into target: UnsafeMutableBufferPointer<Float>, _ level: SIMDLevel
  ) {
    precondition(symbols.count == target.count, "\(symbols.count) symbols for \(target.count) places")
    guard symbols.count > 0 else { return }
    guard level == .reference else {
      fkv_dequantise(level.rawValue, symbols.baseAddress!, target.baseAddress!, symbols.count, step, bias)
      return
    }
    for (i, q) in symbols.enumerated() {
      target[i] = q > 0 ? (Float(q) - bias) * step : q < 0 ? (Float(q) + bias) * step : 0
    }
  }
}
