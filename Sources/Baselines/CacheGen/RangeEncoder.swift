/// An arithmetic coder on bytes: range coding with carry propagation (Martin 1979, in the form that LZMA uses).
///
/// A symbol that takes `size` of `total` costs log₂(total/size) bits, to within 2⁻⁸ of a bit.
struct RangeEncoder {
  /// Frequencies of one symbol's alphabet sum to at most this.
  static let largestTotal: UInt32 = 1 << 16

  private var bytes: [UInt8] = []
  private var low: UInt64 = 0
  private var range: UInt32 = .max
  private var cached: UInt8 = 0
  /// Bytes held back because a carry may still change them; the first of all is always 0 and never written.
  private var held = 0
  private var isFirst = true

  /// Codes the symbol whose frequencies lie at `start` ..< `start + size` of `total`.
  mutating func encode(start: UInt32, size: UInt32, total: UInt32) {
    let unit = range / total
    low += UInt64(start) * UInt64(unit)
    range = size * unit
    while range < 1 << 24 {
      range <<= 8
      shift()
    }
  }

  /// The coded bytes; the encoder must not be used afterwards.
  mutating func finish() -> [UInt8] {
    for _ in 0..<5 { shift() }
    return bytes
  }

  private mutating func shift() {
    if low < 0xFF00_0000 || low > 0xFFFF_FFFF {
      let carry = UInt8(low >> 32)
      if !isFirst { bytes.append(cached &+ carry) }
      isFirst = false
      for _ in 0..<held { bytes.append(0xFF &+ carry) }
      held = 0
      cached = UInt8(truncatingIfNeeded: low >> 24)
    } else {
      held += 1
    }
    low = (low & 0x00FF_FFFF) << 8
  }
}
