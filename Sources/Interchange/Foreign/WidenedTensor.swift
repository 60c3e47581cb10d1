import KVCacheModel

extension ElementType {
  /// The one type of `types`, or Float32, which holds all others exactly, where they differ.
  static func common(_ types: [ElementType]) -> ElementType {
    guard let first = types.first, types.allSatisfy({ $0 == first }) else { return .float32 }
    return first
  }
}

extension CacheTensor {
  /// The same numbers as `type`, which is the tensor's own or Float32; exact.
  func widened(to type: ElementType) -> CacheTensor {
    guard elementType != type else { return self }
    precondition(type == .float32, "only Float32 holds every other type")
    let wide = bytes.floats(as: elementType).map { $0.bitPattern.littleEndian }
    return CacheTensor(
      kvHeads: kvHeads, tokens: tokens, headDim: headDim, elementType: type, bytes: wide.withUnsafeBytes(Array.init))
  }
}
