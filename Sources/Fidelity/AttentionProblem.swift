import KVCacheModel

/// What attention of one layer needs besides keys and values: queries, who sees what, and how scores are scaled.
public struct AttentionProblem: Sendable {
  public let layer: LayerGeometry
  public let queries: ProbeQueries
  /// The position of each of the P queries.
  public let positions: [Int]
  /// What q·k is multiplied by.
  public let scale: Float
  /// c in c·tanh(score/c), or nil.
  public let softcap: Float?
  /// Cached rows that no query sees, whatever its position: tokens that a method dropped. Empty for a full cache.
  public private(set) var droppedRows: Range<Int> = 0..<0

  /// - Precondition: queries and layer agree in heads and head dimension.
  public init(layer: LayerGeometry, queries: ProbeQueries, scale: Float, softcap: Float? = nil) {
    self.init(
      layer: layer, queries: queries, positions: (0..<queries.count).map { queries.firstPosition + $0 }, scale: scale,
      softcap: softcap)
  }

  private init(layer: LayerGeometry, queries: ProbeQueries, positions: [Int], scale: Float, softcap: Float?) {
    precondition(queries.heads == layer.queryHeads && queries.headDim == layer.headDim)
    self.layer = layer
    self.queries = queries
    self.positions = positions
    self.scale = scale
    self.softcap = softcap
  }

  /// The same problem over a cache that dropped `rows`.
  ///
  /// - Precondition: the layer has these rows.
  public func dropping(_ rows: Range<Int>) -> AttentionProblem {
    precondition(rows.isEmpty || (rows.lowerBound >= 0 && rows.upperBound <= layer.tokens))
    var problem = self
    problem.droppedRows = rows
    return problem
  }

  /// The cached rows that probe query `index` sees, `droppedRows` aside: positions ≤ its own, and within the layer's window.
  public func visibleRows(query index: Int) -> Range<Int> {
    let position = positions[index]
    let end = min(max(position + 1 - layer.firstPosition, 0), layer.tokens)
    guard let window = layer.slidingWindow else { return 0..<end }
    return min(max(position - window + 1 - layer.firstPosition, 0), end)..<end
  }

  /// The same problem with at most `most` of the queries, evenly spread, the last among them: an estimate at less cost.
  public func thinned(to most: Int) -> AttentionProblem {
    precondition(most > 0)
    guard queries.count > most else { return self }
    let kept = (1...most).map { $0 * queries.count / most - 1 }
    let d = queries.headDim
    var elements: [Float] = []
    elements.reserveCapacity(queries.heads * most * d)
    for head in 0..<queries.heads {
      for index in kept {
        let start = (head * queries.count + index) * d
        elements += queries.elements[start..<start + d]
      }
    }
    let thin = ProbeQueries(
      heads: queries.heads, count: most, headDim: d, firstPosition: positions[kept[0]], elements: elements)
    return AttentionProblem(
      layer: layer, queries: thin, positions: kept.map { positions[$0] }, scale: scale, softcap: softcap
    ).dropping(droppedRows)
  }
}
