import KVCacheModel

/// Some rows of each layer of another cache.
struct RowRangeCache: CacheSource {
  let description: CacheDescription
  private let source: any CacheSource
  private let rows: [Range<Int>]

  /// `description` is that of the rows.
  init(_ source: any CacheSource, description: CacheDescription, rows: [Range<Int>]) {
    self.source = source
    self.description = description
    self.rows = rows
  }

  func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    try source.tensor(kind, layer: layer).rows(rows[layer])
  }

  func probeQueries(layer: Int) throws -> ProbeQueries? { try source.probeQueries(layer: layer) }
}
