import KVCacheModel

/// What attention of one layer needs beside keys and values: queries, who sees what, and how scores are scaled.
public struct AttentionProblem: Sendable {
  public let layer: LayerGeometry
  public let queries: ProbeQueries
  /// What q·k is multiplied by.
  public let scale: Float
  /// c in c·tanh(score/c), or nil.
  public let softcap: Float?
  /// Cached rows that no query sees, whatever its position: tokens that a method dropped. Empty for a full cache.
  public private(set) var droppedRows: Range<Int> = 0..<0

  /// - Precondition: queries and layer agree in heads and head dimension.
  public init(layer: LayerGeometry, queries: ProbeQueries, scale: Float, softcap: Float? = nil) {
    precondition(queries.heads == layer.queryHeads && queries.headDim == layer.headDim)
    self.layer = layer
    self.queries = queries
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
    let position = queries.firstPosition + index
    let end = min(max(position + 1 - layer.firstPosition, 0), layer.tokens)
    guard let window = layer.slidingWindow else { return 0..<end }
    return min(max(position - window + 1 - layer.firstPosition, 0), end)..<end
  }
}
