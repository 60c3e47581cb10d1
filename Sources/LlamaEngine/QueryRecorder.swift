import CLlama
import KVCacheModel

/// Collects the queries of a prompt's last positions, layer by layer, as batches run.
final class QueryRecorder {
  private let layers: [LayerAttention]
  private let count: Int
  private let firstPosition: Int
  /// One a layer, shape (H·G, P, D).
  private var elements: [[Float]]

  /// Records positions `firstPosition` ..< `firstPosition + count`.
  init(layers: [LayerAttention], firstPosition: Int, count: Int) {
    self.layers = layers
    self.firstPosition = firstPosition
    self.count = count
    elements = layers.map { [Float](repeating: .nan, count: $0.queryHeads * count * $0.headDim) }
  }

  /// Takes from an attention's query input (D, tokens, H·G) the wanted positions, and undoes what it was scaled by.
  func record(_ query: GraphNode, layer: Int, batchStart: Int) {
    let (headDim, tokens, heads, _) = query.shape
    let strides = query.strides
    guard layers.indices.contains(layer), headDim == layers[layer].headDim, heads == layers[layer].queryHeads,
      query.elementType == GGML_TYPE_F32
    else { return }
    let scale = layers[layer].queryScale
    query.bytes().withUnsafeBytes { raw in
      for token in 0..<tokens {
        let probe = batchStart + token - firstPosition
        guard (0..<count).contains(probe) else { continue }
        for head in 0..<heads {
          let from = token * strides.1 + head * strides.2
          let to = (head * count + probe) * headDim
          for dim in 0..<headDim {
            let value = raw.loadUnaligned(fromByteOffset: from + dim * strides.0, as: Float.self)
            elements[layer][to + dim] = scale == 1 ? value : value / scale
          }
        }
      }
    }
  }

  /// The queries of every layer; nil if one of them was not seen at some position.
  func probeQueries() -> [ProbeQueries]? {
    guard elements.allSatisfy({ layer in !layer.contains(where: \.isNaN) }) else { return nil }
    return zip(layers, elements).map { layer, elements in
      ProbeQueries(
        heads: layer.queryHeads, count: count, headDim: layer.headDim, firstPosition: firstPosition,
        elements: elements)
    }
  }
}
