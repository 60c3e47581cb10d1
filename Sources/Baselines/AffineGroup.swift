/// Asymmetric uniform quantisation of one group of numbers: x ≈ shift + scale·q, q in 0…2^bits−1, with shift = min x and
/// scale = (max x − min x)/(2^bits − 1), both rounded to binary16 before q is chosen, so that encoder and decoder agree.
struct AffineGroup {
  let shift: Float
  let scale: Float

  /// The group of the numbers between `low` and `high`.
  init(low: Float, high: Float, bits: Int) {
    shift = Float(Float16(low))
    let spread = Float(Float16((high - shift) / Float(1 << bits - 1)))
    scale = spread > 0 && spread.isFinite ? spread : 0
  }

  init(shift: Float, scale: Float) {
    self.shift = shift
    self.scale = scale
  }

  /// The nearest q; 0 for a group of equal numbers.
  @inline(__always)
  func quantise(_ x: Float, bits: Int) -> UInt8 {
    guard scale > 0 else { return 0 }
    return UInt8(min(max(((x - shift) / scale).rounded(), 0), Float(1 << bits - 1)))
  }

  @inline(__always)
  func value(_ q: UInt8) -> Float { shift + scale * Float(q) }
}

extension AffineGroup {
  /// The group of `numbers`; empty is as a group of zeros.
  init(of numbers: some Sequence<Float>, bits: Int) {
    var (low, high) = (Float.infinity, -Float.infinity)
    for x in numbers {
      low = min(low, x)
      high = max(high, x)
    }
    self.init(low: low <= high ? low : 0, high: low <= high ? high : 0, bits: bits)
  }
}
