import KVCacheModel

/// Plain, slow conversions between Float32 and stored elements, to check faster ones against.
public enum ElementCoding {
  /// The elements as stored, little-endian, each rounded to the nearest number of the type, ties to even.
  public static func encode(_ elements: [Float], as type: ElementType) -> [UInt8] {
    switch type {
    case .float16: bytes(elements.map { Float16($0).bitPattern })
    case .bfloat16: bytes(elements.map(bfloat16))
    case .float32: bytes(elements.map(\.bitPattern))
    }
  }

  /// The numbers that stored bytes mean; exact for all three types.
  public static func decode(_ bytes: [UInt8], as type: ElementType) -> [Float] {
    bytes.withUnsafeBytes { raw in
      (0..<bytes.count / type.byteCount).map { index in
        let offset = index * type.byteCount
        switch type {
        case .float16: return Float(Float16(bitPattern: raw.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
        case .bfloat16:
          return Float(bitPattern: UInt32(raw.loadUnaligned(fromByteOffset: offset, as: UInt16.self)) << 16)
        case .float32: return Float(bitPattern: raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
      }
    }
  }

  private static func bfloat16(_ value: Float) -> UInt16 {
    guard !value.isNaN else { return UInt16(value.bitPattern >> 16) | 0x40 }
    let bits = value.bitPattern
    return UInt16((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
  }

  private static func bytes<Integer: FixedWidthInteger>(_ integers: [Integer]) -> [UInt8] {
    integers.map(\.littleEndian).withUnsafeBytes(Array.init)
  }
}

extension CacheTensor {
  /// A tensor of H·T·D numbers, rounded to `elementType`.
  public init(kvHeads: Int, tokens: Int, headDim: Int, elementType: ElementType, rounding elements: [Float]) {
    self.init(
      kvHeads: kvHeads, tokens: tokens, headDim: headDim, elementType: elementType,
      bytes: ElementCoding.encode(elements, as: elementType))
  }

  /// All elements in Float32, by `ElementCoding`.
  public var decodedElements: [Float] { ElementCoding.decode(bytes, as: elementType) }
}
