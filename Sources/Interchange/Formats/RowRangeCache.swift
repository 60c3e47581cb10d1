import KVCacheModel

/// Some rows of each layer of another cache.
public struct RowRangeCache: CacheSource {
  public let description: CacheDescription
  private let source: any CacheSource
  private let rows: [Range<Int>]

  /// `rows[l]` of layer l of `source`; `description` is that of the rows.
  public init(_ source: any CacheSource, description: CacheDescription, rows: [Range<Int>]) {
    self.source = source
    self.description = description
    self.rows = rows
  }

  /// `source` without the last position: layers that hold it have one token fewer.
  init(withoutLastPositionOf source: any CacheSource) {
    var description = source.description
    let last = description.geometry.endPosition - 1
    let rows = description.geometry.layers.map { 0..<$0.tokens - ($0.tokens > 0 && $0.endPosition > last ? 1 : 0) }
    for (layer, rows) in rows.enumerated() { description.geometry.layers[layer].tokens = rows.count }
    self.init(source, description: description, rows: rows)
  }

  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    try source.tensor(kind, layer: layer).rows(rows[layer])
  }

  public func probeQueries(layer: Int) throws -> ProbeQueries? { try source.probeQueries(layer: layer) }
}
