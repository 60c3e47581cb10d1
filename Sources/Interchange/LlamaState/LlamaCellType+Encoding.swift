import KVCacheModel

extension LlamaCellType {
  /// Whether cells of the type can be written: all but iq4_nl, whose codes are searched for.
  public var canEncode: Bool { self != .iq4NL }

  /// Appends the blocks of `numbers`, rounded as ggml's `quantize_row_*_ref` do it (ggml-quants.c).
  ///
  ///     q8_0  d = max|x| / 127             c = round(x/d), halves away from zero
  ///     q4_0  d = x of largest |x| / −8    c = min(15, ⌊x/d + 8.5⌋)       q5_0: −16, min(31, ⌊x/d + 16.5⌋)
  ///     q4_1  d = (max − min)/15, m = min  c = min(15, ⌊(x − m)/d + ½⌋)   q5_1: 31
  ///
  /// Numbers that such blocks were decoded to come back as the same blocks. Codes of blocks with numbers that are not
  /// finite are 0.
  ///
  /// - Precondition: `numbers` fill whole blocks, and `canEncode`.
  func encode(_ numbers: UnsafeBufferPointer<Float>, into bytes: inout LittleEndianBytes) {
    precondition(canEncode && numbers.count % blockElements == 0)
    for start in stride(from: 0, to: numbers.count, by: blockElements) {
      encodeBlock(UnsafeBufferPointer(rebasing: numbers[start..<start + blockElements]), into: &bytes)
    }
  }

  private func encodeBlock(_ x: UnsafeBufferPointer<Float>, into bytes: inout LittleEndianBytes) {
    switch self {
    case .f32: bytes.append(x[0].bitPattern)
    case .f16: bytes.append(UInt16(halfOf: x[0]))
    case .bf16: bytes.append(UInt16(bfloatOf: x[0]))
    case .q80:
      let d = x.reduce(Float(0)) { max($0, abs($1)) } / 127
      let inverse = Self.inverse(d)
      bytes.append(UInt16(halfOf: d))
      for value in x { bytes.append(Int8(Self.code(value * inverse, from: -127, to: 127, .toNearestOrAwayFromZero))) }
    case .q40, .q50:
      let half: Float = self == .q40 ? 8 : 16
      var peak: Float = 0
      for value in x where abs(value) > abs(peak) { peak = value }
      let d = peak / -half
      let inverse = Self.inverse(d)
      bytes.append(UInt16(halfOf: d))
      appendCodes(x.map { Self.code($0 * inverse + half + 0.5, from: 0, to: 2 * half - 1, .down) }, into: &bytes)
    case .q41, .q51:
      let top: Float = self == .q41 ? 15 : 31
      let least = x.min()!
      let d = (x.max()! - least) / top
      let inverse = Self.inverse(d)
      bytes.append(UInt16(halfOf: d))
      bytes.append(UInt16(halfOf: least))
      appendCodes(x.map { Self.code(($0 - least) * inverse + 0.5, from: 0, to: top, .down) }, into: &bytes)
    case .iq4NL: preconditionFailure("not written")
    }
  }

  /// The fifth bits of q5 types, then element j in the low and j + 16 in the high half of byte j.
  private func appendCodes(_ codes: [Int], into bytes: inout LittleEndianBytes) {
    if self == .q50 || self == .q51 {
      var high: UInt32 = 0
      for (j, code) in codes.enumerated() { high |= UInt32(code >> 4) << UInt32(j) }
      bytes.append(high)
    }
    for j in 0..<16 { bytes.append(UInt8(codes[j] & 15 | (codes[j + 16] & 15) << 4)) }
  }

  private static func inverse(_ d: Float) -> Float { d == 0 || !d.isFinite ? 0 : 1 / d }

  private static func code(_ x: Float, from low: Float, to high: Float, _ rule: FloatingPointRoundingRule) -> Int {
    x.isFinite ? Int(min(high, max(low, x.rounded(rule)))) : 0
  }
}

extension UInt16 {
  /// The binary16 number nearest to `value`, ties to even; beyond ±65504 an infinity, of a NaN a NaN.
  ///
  /// Swift's `Float16` would do the same, but Intel Macs do not have it.
  init(halfOf value: Float) {
    let sign = UInt16(value.bitPattern >> 16) & 0x8000
    let magnitude = abs(value)
    guard !value.isNaN else {
      self = sign | 0x7E00
      return
    }
    guard magnitude < 65520 else {
      self = sign | 0x7C00
      return
    }
    // A sum whose last bit is binary16's at this size rounds as wanted; below 2⁻¹⁴ that bit is 2⁻²⁴.
    let exponent = Swift.max(magnitude.exponentOrLeast, -14)
    let shift = Float(sign: .plus, exponent: exponent + 13, significand: 1)
    let rounded = (magnitude + shift) - shift
    // Normal numbers: fraction bits above the exponent's; the rest are multiples of 2⁻²⁴.
    if rounded < 0x1p-14 {
      self = sign | UInt16(rounded * 0x1p24)
    } else {
      self = sign | UInt16((rounded.bitPattern >> 13) - (112 << 10))
    }
  }

  /// The bfloat16 number nearest to `value`, ties to even; of a NaN a NaN.
  init(bfloatOf value: Float) {
    let bits = value.bitPattern
    self = value.isNaN ? UInt16(bits >> 16) | 0x40 : UInt16((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}

extension Float {
  /// The exponent, or one below all of binary16's for 0.
  fileprivate var exponentOrLeast: Int { self == 0 ? -100 : Int(exponent) }
}
