import ComputeKernels
import KVCacheModel

extension CacheTensor {
  /// The tensor's numbers, (H, T, D); exact for every element type.
  public func floats() -> [Float] { Self.widen(bytes[...], elementType: elementType) }

  /// A tensor of the numbers of `type` nearest to `values`, (H, T, D).
  public init(values: [Float], kvHeads: Int, tokens: Int, headDim: Int, elementType: ElementType) {
    var bytes = [UInt8](repeating: 0, count: values.count * elementType.byteCount)
    bytes.withUnsafeMutableBytes { Self.narrow(values, elementType: elementType, into: $0) }
    self.init(kvHeads: kvHeads, tokens: tokens, headDim: headDim, elementType: elementType, bytes: bytes)
  }

  /// Replaces elements from index `start` on by the numbers nearest to `values`.
  mutating func store(_ values: [Float], at start: Int) {
    let size = elementType.byteCount
    bytes.withUnsafeMutableBytes {
      Self.narrow(
        values, elementType: elementType,
        into: UnsafeMutableRawBufferPointer(rebasing: $0[start * size..<(start + values.count) * size]))
    }
  }

  /// The values of stored elements.
  static func widen(_ bytes: ArraySlice<UInt8>, elementType: ElementType) -> [Float] {
    bytes.withUnsafeBytes { raw in
      switch elementType {
      case .float16: StoredElements.widenHalf(raw)
      case .bfloat16: StoredElements.widenBFloat(raw)
      case .float32: StoredElements.floats(raw)
      }
    }
  }

  private static func narrow(
    _ values: [Float], elementType: ElementType, into target: UnsafeMutableRawBufferPointer
  ) {
    switch elementType {
    case .float16: StoredElements.narrowHalf(values, into: target)
    case .bfloat16: StoredElements.narrowBFloat(values, into: target)
    case .float32: values.withUnsafeBytes { target.copyMemory(from: $0) }
    }
  }
}
