import KVCacheModel

/// A cache without its prompt's token ids.
struct TokenlessCache: CacheSource {
  let source: any CacheSource

  var description: CacheDescription {
    var description = source.description
    description.tokens = nil
    return description
  }

  func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor { try source.tensor(kind, layer: layer) }
  func probeQueries(layer: Int) throws -> ProbeQueries? { try source.probeQueries(layer: layer) }
}
