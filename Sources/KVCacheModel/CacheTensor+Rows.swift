extension CacheTensor {
  /// The tensor of some of the tokens, (H, rows, D), bit for bit.
  public func rows(_ range: Range<Int>) -> CacheTensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= tokens, "rows beyond the tensor")
    guard range.count < tokens else { return self }
    let row = headDim * elementType.byteCount
    var part: [UInt8] = []
    part.reserveCapacity(kvHeads * range.count * row)
    for head in 0..<kvHeads {
      part += bytes[(head * tokens + range.lowerBound) * row..<(head * tokens + range.upperBound) * row]
    }
    return CacheTensor(
      kvHeads: kvHeads, tokens: range.count, headDim: headDim, elementType: elementType, bytes: part)
  }

  /// The tensor of these tokens and then those of `other`, which has the same heads, dimension and type.
  public func followed(by other: CacheTensor) -> CacheTensor {
    precondition(
      kvHeads == other.kvHeads && headDim == other.headDim && elementType == other.elementType, "not of one shape")
    let row = headDim * elementType.byteCount
    var joined: [UInt8] = []
    joined.reserveCapacity(bytes.count + other.bytes.count)
    for head in 0..<kvHeads {
      joined += bytes[head * tokens * row..<(head + 1) * tokens * row]
      joined += other.bytes[head * other.tokens * row..<(head + 1) * other.tokens * row]
    }
    return CacheTensor(
      kvHeads: kvHeads, tokens: tokens + other.tokens, headDim: headDim, elementType: elementType, bytes: joined)
  }
}
