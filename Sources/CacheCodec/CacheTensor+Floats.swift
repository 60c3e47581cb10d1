import ComputeKernels
import KVCacheModel

extension CacheTensor {
  /// The tensor's numbers, (H, T, D); exact for every element type.
  public func floats() -> [Float] {
    switch elementType {
    case .float16: StoredElements.widenHalf(bytes)
    case .bfloat16: StoredElements.widenBFloat(bytes)
    case .float32: StoredElements.floats(bytes)
    }
  }

  /// A tensor of the numbers of `type` nearest to `values`, (H, T, D).
  public init(values: [Float], kvHeads: Int, tokens: Int, headDim: Int, elementType: ElementType) {
    let bytes =
      switch elementType {
      case .float16: StoredElements.narrowHalf(values)
      case .bfloat16: StoredElements.narrowBFloat(values)
      case .float32: StoredElements.bytes(values)
      }
    self.init(kvHeads: kvHeads, tokens: tokens, headDim: headDim, elementType: elementType, bytes: bytes)
  }
}
