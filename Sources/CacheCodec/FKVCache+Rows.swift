import KVCacheModel

extension FKVCache {
  /// Keys or values of one layer, of which only `rows` are needed; shape (H, T, D) all the same. Other rows are 0 where
  /// nothing that holds them had to be read.
  ///
  /// Profile `spectral` reads the group's frame and the segments that hold some of the rows, `lossless` the sections
  /// that do, `fourier` the layer's section.
  ///
  /// - Throws: as `tensor(_:layer:)`, for what is read.
  public func tensor(_ kind: CacheKind, layer: Int, rows: Range<Int>) throws -> CacheTensor {
    let group = groupIndex(ofLayer: layer)
    return try profileReader.tensors(kind, group: group, rows: rows)[layer - layerGroups[group].lowerBound]
  }

  /// The rows `rows[i]` of layer i of a group, (H, rows, D), decoded together; damage elsewhere in the file is not
  /// noticed.
  ///
  /// - Parameter rows: one range a layer of `layerGroups[group]`, within the layer's T tokens.
  /// - Throws: as `tensor(_:layer:)`, for what is read.
  public func rows(_ kind: CacheKind, group: Int, _ rows: [Range<Int>]) throws -> [CacheTensor] {
    precondition(rows.count == layerGroups[group].count, "one range a layer")
    let filled = rows.filter { !$0.isEmpty }
    guard let first = filled.map(\.lowerBound).min(), let end = filled.map(\.upperBound).max() else {
      return zip(layerGroups[group], rows).map { layer, _ in
        let shape = description.geometry.layers[layer]
        return CacheTensor(
          kvHeads: shape.kvHeads, tokens: 0, headDim: shape.headDim, elementType: description.elementType(of: kind),
          bytes: [])
      }
    }
    return zip(try profileReader.tensors(kind, group: group, rows: first..<end), rows).map { $0.rows($1) }
  }
}
