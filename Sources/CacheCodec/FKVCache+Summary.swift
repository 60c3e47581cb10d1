import KVCacheModel

extension FKVCache {
  /// Where the bytes of keys or values of a group of layers went; sections are read and their checksums checked.
  public func summary(_ kind: CacheKind, group: Int) throws -> TensorSummary {
    let layer = layerGroups[group].lowerBound
    let shape = description.geometry.layers[layer]
    guard shape.elementCount > 0 else { return TensorSummary(fileBytes: 0, parts: [], exactFeatures: 0, states: 0) }
    return try profileReader.summary(kind, group: group)
  }
}
