import KVCacheModel

/// Dropping the middle as StreamingLLM does (arXiv 2309.17453): the first `sinks` and the last `window` positions stay as
/// they are in every layer that holds them, the rest is gone and attended to no more.
///
/// Kept keys keep their positions (StreamingLLM renumbers them within its cache while it generates beyond the trained
/// length; for a cache within that length, positions as they were are the kinder choice).
public struct StreamingWindow: Baseline {
  public let sinks: Int
  public let window: Int

  public init(window: Int, sinks: Int = 4) {
    precondition(window >= 0 && sinks >= 0)
    self.sinks = sinks
    self.window = window
  }

  public var method: String { "streaming" }
  public var setting: String { "\(sinks) sinks, window \(window)" }

  /// The rows of a layer that are dropped, where the cache ends at position `end`.
  public func droppedRows(of layer: LayerGeometry, end: Int) -> Range<Int> {
    let first = min(sinks, end)
    let rows = (first..<max(first, end - window)).clamped(to: layer.firstPosition..<layer.endPosition)
    return rows.lowerBound - layer.firstPosition..<rows.upperBound - layer.firstPosition
  }

  public func encode(_ cache: any CacheSource) throws -> [UInt8] {
    var writer = BaselineWriter()
    for (layer, shape) in cache.description.geometry.layers.enumerated() {
      for kind in CacheKind.allCases {
        let tensor = try cache.tensor(kind, layer: layer)
        for range in keptBytes(shape, tensor.elementType, end: cache.description.geometry.endPosition) {
          writer.add(tensor.bytes[range])
        }
      }
    }
    return writer.bytes
  }

  public func decode(_ bytes: [UInt8], description: CacheDescription) throws -> RestoredCache {
    var reader = BaselineReader(bytes, place: method)
    var tensors: [CacheKind: [CacheTensor]] = [.key: [], .value: []]
    let end = description.geometry.endPosition
    for shape in description.geometry.layers {
      for kind in CacheKind.allCases {
        let type = description.elementType(of: kind)
        var numbers = [UInt8](repeating: 0, count: shape.elementCount * type.byteCount)
        for range in keptBytes(shape, type, end: end) {
          numbers.replaceSubrange(range, with: try reader.take(range.count))
        }
        tensors[kind]!.append(
          CacheTensor(
            kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim, elementType: type, bytes: numbers))
      }
    }
    try reader.finish()
    return RestoredCache(
      description: description, keys: tensors[.key]!, values: tensors[.value]!,
      droppedRows: description.geometry.layers.map { droppedRows(of: $0, end: end) })
  }

  /// The byte ranges of a tensor that stay, two a head.
  private func keptBytes(_ shape: LayerGeometry, _ type: ElementType, end: Int) -> [Range<Int>] {
    let row = shape.headDim * type.byteCount
    let dropped = droppedRows(of: shape, end: end)
    return (0..<shape.kvHeads).flatMap { head in
      let base = head * shape.tokens
      return [
        base * row..<(base + dropped.lowerBound) * row,
        (base + dropped.upperBound) * row..<(base + shape.tokens) * row,
      ]
    }
  }
}
