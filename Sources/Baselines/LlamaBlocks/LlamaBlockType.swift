/// llama.cpp's block formats of 32 numbers (ggml/src/ggml-quants.c, the reference forms): a binary16 scale, then codes.
public enum LlamaBlockType: String, Sendable, CaseIterable {
  /// 34 bytes: d = max|x|/127, then 32 × i8 of round(x/d), halves away from zero.
  case q8 = "q8_0"
  /// 18 bytes: d = (the x of largest magnitude)/−8, then 16 bytes with code j in the low and j + 16 in the high half;
  /// a code is min(15, ⌊x/d + 8.5⌋) and means (code − 8)·d.
  case q4 = "q4_0"

  /// Numbers in a block.
  static let width = 32

  /// Bytes of a block.
  public var byteCount: Int { self == .q8 ? 34 : 18 }

  /// Appends the block of 32 numbers.
  func encode(_ x: UnsafeBufferPointer<Float>, into writer: inout BaselineWriter) {
    switch self {
    case .q8:
      let d = x.reduce(Float(0)) { max($0, abs($1)) } / 127
      let inverse = abs(d) < Float.leastNormalMagnitude ? 0 : 1 / d
      writer.addHalf(d)
      writer.add(x.map { UInt8(bitPattern: Int8(($0 * inverse).rounded(.toNearestOrAwayFromZero))) })
    case .q4:
      var peak: Float = 0
      for value in x where abs(value) > abs(peak) { peak = value }
      let d = peak / -8
      let inverse = abs(d) < Float.leastNormalMagnitude ? 0 : 1 / d
      writer.addHalf(d)
      func code(_ value: Float) -> UInt8 { UInt8(min(15, (value * inverse + 8.5).rounded(.towardZero))) }
      writer.add((0..<16).map { code(x[$0]) | code(x[$0 + 16]) << 4 })
    }
  }

  /// Writes the 32 numbers of a block to `target`.
  func decode(_ reader: inout BaselineReader, into target: UnsafeMutablePointer<Float>) throws {
    let d = try reader.half()
    switch self {
    case .q8:
      for (j, code) in try reader.take(32).enumerated() { target[j] = d * Float(Int8(bitPattern: code)) }
    case .q4:
      for (j, code) in try reader.take(16).enumerated() {
        target[j] = d * Float(Int(code & 15) - 8)
        target[j + 16] = d * Float(Int(code >> 4) - 8)
      }
    }
  }
}
