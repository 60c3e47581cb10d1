import CLlama
import KVCacheModel

/// Collects the queries of the last positions, layer by layer, as batches run.
final class QueryRecorder {
  private let layers: [LayerAttention]
  private let count: Int
  /// One a layer, shape (H·G, P, D); position p lies in row p modulo P.
  private var elements: [[Float]]

  /// Keeps the last `count` of the positions that it is given, which come in order.
  init(layers: [LayerAttention], count: Int) {
    self.layers = layers
    self.count = count
    elements = layers.map { [Float](repeating: .nan, count: $0.queryHeads * count * $0.headDim) }
  }

  /// Takes from an attention's query input (D, tokens, H·G) the last positions, and undoes what it was scaled by.
  func record(_ query: GraphNode, layer: Int, batchStart: Int) {
    let (headDim, tokens, heads, _) = query.shape
    let strides = query.strides
    guard layers.indices.contains(layer), headDim == layers[layer].headDim, heads == layers[layer].queryHeads,
      query.elementType == GGML_TYPE_F32
    else { return }
    let scale = layers[layer].queryScale
    query.bytes().withUnsafeBytes { raw in
      for token in max(0, tokens - count)..<tokens {
        let probe = (batchStart + token) % count
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

  /// The queries of every layer at `positions`, no more than are kept; nil if one of them was not seen.
  func probeQueries(_ positions: Range<Int>) -> [ProbeQueries]? {
    precondition(positions.count <= count, "more positions than are kept")
    var result: [ProbeQueries] = []
    for (layer, kept) in zip(layers, elements) {
      var ordered: [Float] = []
      ordered.reserveCapacity(layer.queryHeads * positions.count * layer.headDim)
      for head in 0..<layer.queryHeads {
        for position in positions {
          let from = (head * count + position % count) * layer.headDim
          ordered += kept[from..<from + layer.headDim]
        }
      }
      guard !ordered.contains(where: \.isNaN) else { return nil }
      result.append(
        ProbeQueries(
          heads: layer.queryHeads, count: positions.count, headDim: layer.headDim,
          firstPosition: positions.lowerBound, elements: ordered))
    }
    return result
  }
}
