import KVCacheModel

extension LlamaCellType {
  /// The numbers of whole blocks, as ggml's `dequantize_row_*` computes them (ggml-quants.c), in Float32.
  ///
  ///     q4_0  d·(c − 8)     q4_1  d·c + m     iq4_nl  d·table[c]      element j: low half of byte j,
  ///     q5_0  d·(c − 16)    q5_1  d·c + m     q8_0    d·c             element j + 16: high half
  ///
  /// The fifth bits of q5 codes stand in a UInt32 before them, element j's in bit j. d and m are binary16.
  ///
  /// - Precondition: `source` holds just the blocks that fill `target`.
  func decode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>) {
    precondition(target.count % blockElements == 0 && source.count == target.count / blockElements * blockBytes)
    for block in 0..<target.count / blockElements {
      let bytes = UnsafeRawBufferPointer(rebasing: source[block * blockBytes..<(block + 1) * blockBytes])
      let numbers = UnsafeMutableBufferPointer(
        rebasing: target[block * blockElements..<(block + 1) * blockElements])
      decodeBlock(bytes, into: numbers)
    }
  }

  private func decodeBlock(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>) {
    func word(_ offset: Int) -> UInt16 {
      UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
    func long(_ offset: Int) -> UInt32 {
      UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
    func nibbles(from offset: Int, high: UInt32 = 0, _ value: (Int) -> Float) {
      for j in 0..<16 {
        let byte = Int(bytes[offset + j])
        target[j] = value(byte & 15 | Int(high >> UInt32(j) & 1) << 4)
        target[j + 16] = value(byte >> 4 | Int(high >> UInt32(j + 16) & 1) << 4)
      }
    }
    switch self {
    case .f32:
      target[0] = Float(bitPattern: long(0))
    case .f16:
      target[0] = Float(halfBits: word(0))
    case .bf16:
      target[0] = Float(bitPattern: UInt32(word(0)) << 16)
    case .q80:
      let d = Float(halfBits: word(0))
      for j in 0..<32 { target[j] = d * Float(Int8(bitPattern: bytes[2 + j])) }
    case .q40:
      let d = Float(halfBits: word(0))
      nibbles(from: 2) { d * Float($0 - 8) }
    case .iq4NL:
      let d = Float(halfBits: word(0))
      nibbles(from: 2) { d * Self.iq4Values[$0] }
    case .q41:
      let (d, m) = (Float(halfBits: word(0)), Float(halfBits: word(2)))
      nibbles(from: 4) { d * Float($0) + m }
    case .q50:
      let d = Float(halfBits: word(0))
      nibbles(from: 6, high: long(2)) { d * Float($0 - 16) }
    case .q51:
      let (d, m) = (Float(halfBits: word(0)), Float(halfBits: word(2)))
      nibbles(from: 8, high: long(4)) { d * Float($0) + m }
    }
  }

  /// What the codes of iq4_nl stand for (`kvalues_iq4nl`, ggml-common.h).
  private static let iq4Values: [Float] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
  ]
}
