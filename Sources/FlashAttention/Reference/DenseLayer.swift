import ComputeKernels
import Fidelity
import KVCacheModel

/// A layer's whole cache in its own element type, for attention by the same kernel that `FourierLayer` uses: what there
/// is to gain against.
public struct DenseLayer: Sendable {
  private let geometry: LayerGeometry
  private let heads: [(keys: TokenTiles, values: TokenTiles)]
  private static let rows = 32

  /// - Precondition: keys and values are of one element type.
  public init(keys: CacheTensor, values: CacheTensor, geometry: LayerGeometry) {
    precondition(keys.elementType == values.elementType && keys.tokens == geometry.tokens)
    self.geometry = geometry
    let (d, size) = (geometry.headDim, keys.elementType.byteCount)
    // The body does not throw.
    heads = try! ParallelLoop.map(geometry.kvHeads) { head in
      func tiles(_ tensor: CacheTensor, _ order: TokenTiles.Order) -> TokenTiles {
        var tiles = TokenTiles(order, features: d, rows: Self.rows, element: TileElement(tensor.elementType))
        tiles.reserve(tensor.tokens)
        tensor.bytes.withUnsafeBytes { bytes in
          guard !bytes.isEmpty else { return }
          let base = bytes.baseAddress! + head * tensor.tokens * d * size
          for i in 0..<d { tiles.store(base + i * size, stride: d * size, count: tensor.tokens, at: 0, feature: i) }
        }
        return tiles
      }
      return (tiles(keys, .keys), tiles(values, .values))
    }
  }

  /// Bytes that one decode step reads.
  public var byteCount: Int {
    heads.reduce(0) { $0 + 2 * geometry.tokens * geometry.headDim * $1.keys.element.byteCount }
  }

  /// Attention outputs, (H·G, P, D), of queries that see all tokens up to their position.
  public func outputs(_ problem: AttentionProblem) -> [Float] {
    let (d, p) = (geometry.headDim, problem.queries.count)
    let rows = geometry.groupSize * p
    let chunks = FourierChunk.all(rows: rows, heads: geometry.kvHeads)
    let most = max(1, 16_384 / (Self.rows * TokenTiles.lanes))
    let tiles = heads[0].keys.tiles(for: geometry.tokens)
    let parts = chunks.flatMap { chunk in
      stride(from: 0, to: tiles, by: most).map { (chunk: chunk, tiles: $0..<min($0 + most, tiles)) }
    }
    let perChunk = (tiles + most - 1) / most
    let sums = try! ParallelLoop.map(parts.count) { index in
      let (chunk, tiles) = parts[index]
      let start = (chunk.head * rows + chunk.rows.lowerBound) * d
      let own = problem.queries.elements[start..<start + chunk.rows.count * d].map { $0 * problem.scale }
      let sums = AttentionSums(queries: chunk.width, features: d)
      AttentionPass(
        keys: heads[chunk.head].keys, values: heads[chunk.head].values,
        queries: (0..<d).flatMap { i in (0..<chunk.width).map { $0 < chunk.rows.count ? own[$0 * d + i] : 0 } },
        visible: (0..<chunk.width).map {
          $0 < chunk.rows.count ? problem.visibleRows(query: (chunk.rows.lowerBound + $0) % p) : 0..<0
        }, softcap: problem.softcap
      ).run(tiles: tiles, into: sums)
      return sums
    }
    return chunks.indices.flatMap { index in
      AttentionSums.joined(Array(sums[index * perChunk..<(index + 1) * perChunk]), rows: chunks[index].rows.count)
    }
  }
}

extension AttentionSums {
  /// Attention outputs, (rows, features), of sums over disjoint parts of the tokens; 0 for a query that saw nothing.
  static func joined(_ parts: [AttentionSums], rows: Int) -> [Float] {
    (0..<rows).flatMap { row -> [Float] in
      let most = parts.reduce(-Float.infinity) { max($0, $1.maximum[row]) }
      let weights = parts.map { $0.weight(row, toward: most) }
      let total = zip(weights, parts).reduce(0) { $0 + $1.0 * $1.1.sum[row] }
      let features = parts.first?.features ?? 0
      guard total != 0 else { return Array(repeating: 0, count: features) }
      return (0..<features).map { i in
        zip(weights, parts).reduce(0) { $0 + $1.0 * $1.1.output(feature: i, query: row) } / total
      }
    }
  }
}
