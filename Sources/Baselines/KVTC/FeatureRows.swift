import CacheCodec
import KVCacheModel
import SpectralTransform

/// A set of layers as one matrix: a row a token, H·D columns a layer, keys without their rotation.
enum FeatureRows {
  /// The rows `rows` of keys or values, (rows, F).
  static func gather(
    _ cache: some CacheSource, _ kind: CacheKind, _ set: LayerSet, rows: Range<Int>
  ) throws -> [Float] {
    let width = set.width
    var matrix = [Float](repeating: 0, count: rows.count * width)
    for (slot, layer) in set.layers.enumerated() {
      let shape = cache.description.geometry.layers[layer]
      var values = try cache.tensor(kind, layer: layer).floats()
      if kind == .key { turn(&values, cache.description, layer, undo: true) }
      let dims = shape.headDim
      for head in 0..<shape.kvHeads {
        for (row, token) in rows.enumerated() {
          let source = (head * shape.tokens + token) * dims
          let target = row * width + slot * set.features + head * dims
          for dim in 0..<dims { matrix[target + dim] = values[source + dim] }
        }
      }
    }
    return matrix
  }

  /// The layers' tensors with `matrix` in their rows `rows`, 0 elsewhere, keys rotated again; one a layer of the set.
  static func scatter(
    _ matrix: [Float], rows: Range<Int>, _ kind: CacheKind, _ set: LayerSet, _ description: CacheDescription
  ) -> [CacheTensor] {
    set.layers.enumerated().map { slot, layer in
      let shape = description.geometry.layers[layer]
      var values = [Float](repeating: 0, count: shape.elementCount)
      for head in 0..<shape.kvHeads {
        for (row, token) in rows.enumerated() {
          let source = row * set.width + slot * set.features + head * shape.headDim
          let target = (head * shape.tokens + token) * shape.headDim
          for dim in 0..<shape.headDim { values[target + dim] = matrix[source + dim] }
        }
      }
      if kind == .key { turn(&values, description, layer, undo: false) }
      return TensorPlace(kind, layer: layer, of: description).tensor(values)
    }
  }

  private static func turn(_ keys: inout [Float], _ description: CacheDescription, _ layer: Int, undo: Bool) {
    let shape = description.geometry.layers[layer]
    let rotation = KeyRotation(
      description.ropes[shape.ropeIndex], firstPosition: shape.firstPosition, count: shape.tokens)
    keys.withUnsafeMutableBufferPointer { keys in
      guard let base = keys.baseAddress else { return }
      for head in 0..<shape.kvHeads {
        let start = base + head * shape.tokens * shape.headDim
        if undo {
          rotation.unrotate(start, rows: shape.tokens, stride: shape.headDim)
        } else {
          rotation.rotate(start, rows: shape.tokens, stride: shape.headDim)
        }
      }
    }
  }
}
