import KVCacheModel

/// A profile that codes each layer by itself: `group` is the layer's number.
package protocol LayerReader: ProfileReader {
  var file: ProfileFile { get }
}

extension LayerReader {
  package var layerGroups: [Range<Int>] { file.description.geometry.layers.indices.map { $0..<$0 + 1 } }
}

extension ProfileFile {
  /// Calls `body` for each tensor that has elements, to check its sections; for none where the file is opened to salvage it.
  func forEachTensor(_ body: (CacheKind, _ layer: Int, LayerGeometry) throws -> Void) rethrows {
    guard !isSalvaging else { return }
    for (layer, shape) in description.geometry.layers.enumerated() where shape.elementCount > 0 {
      for kind in CacheKind.allCases { try body(kind, layer, shape) }
    }
  }

  /// What `body` gives; where it meets damage, a layer of zeros and that all of it is lost.
  func salvaging(
    _ kind: CacheKind, layer: Int, _ body: () throws -> (tensors: [CacheTensor], losses: [SalvageLoss])
  ) throws -> (tensors: [CacheTensor], losses: [SalvageLoss]) {
    do {
      return try body()
    } catch {
      try CodecError.rethrowUnlessDamage(error)
      let rows = 0..<description.geometry.layers[layer].tokens
      return (
        [zeros(kind, layer: layer)], [SalvageLoss(kind: kind, layers: layer..<layer + 1, rows: rows, error: error)]
      )
    }
  }
}
