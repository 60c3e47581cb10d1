import KVCacheModel

/// Affinely quantised numbers as `mx.quantize` packs them: scale · q + bias, q in `bits` bits.
///
/// The numbers of a row follow each other in its 32-bit words, lowest bits first, and may cross from one word to the
/// next; each `groupSize` of them share a scale and a bias.
struct MLXQuantizedRows {
  let words: [UInt32]
  let scales: [Float]
  let biases: [Float]
  let groupSize: Int
  let bits: Int

  /// The first `tokens` of `rowCount` rows of each head, as Float32.
  func tensor(kvHeads: Int, rowCount: Int, tokens: Int, headDim: Int) -> CacheTensor {
    let wordsPerRow = headDim * bits / 32
    let groupsPerRow = headDim / groupSize
    let mask = UInt64(1) << UInt64(bits) - 1
    var elements: [UInt32] = []
    elements.reserveCapacity(kvHeads * tokens * headDim)
    for head in 0..<kvHeads {
      for row in head * rowCount..<head * rowCount + tokens {
        for dim in 0..<headDim {
          let (word, shift) = (dim * bits).quotientAndRemainder(dividingBy: 32)
          let index = row * wordsPerRow + word
          var window = UInt64(words[index])
          if shift + bits > 32 { window |= UInt64(words[index + 1]) << 32 }
          let group = row * groupsPerRow + dim / groupSize
          let value = scales[group] * Float(window >> UInt64(shift) & mask) + biases[group]
          elements.append(value.bitPattern.littleEndian)
        }
      }
    }
    return CacheTensor(
      kvHeads: kvHeads, tokens: tokens, headDim: headDim, elementType: .float32,
      bytes: elements.withUnsafeBytes(Array.init))
  }
}

extension [UInt8] {
  /// The numbers that lie in these bytes; exact for all three types.
  func floats(as type: ElementType) -> [Float] {
    switch type {
    case .float16: littleEndian(as: UInt16.self).map(Float.init(halfBits:))
    case .bfloat16: littleEndian(as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .float32: littleEndian(as: UInt32.self).map(Float.init(bitPattern:))
    }
  }
}
