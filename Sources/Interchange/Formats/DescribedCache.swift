import KVCacheModel

/// A foreign cache of which everything is known that it is wanted for: a `CacheSource` like any other.
public struct DescribedCache: CacheSource {
  public let description: CacheDescription
  /// Whose layout the keys have; nil where only `description.ropes` say it.
  public let keyConvention: KeyConvention?
  private let cache: any ForeignCache

  /// Joins what the file says with what was supplied.
  ///
  /// Facts that are unknown and not in `needs` get a stand-in: as many query heads as KV heads, scale 1/√D, no rotary
  /// embedding. The description's `unknown` names them.
  ///
  /// - Throws: `MissingFacts` with all facts of `needs` that are known from nowhere; `FactConflict`.
  public init(_ cache: any ForeignCache, supplied: SuppliedFacts, needs: Set<CacheFact>) throws {
    var resolver = FactResolver(facts: cache.facts, supplied: supplied, needs: needs)
    description = try resolver.description()
    keyConvention = resolver.facts.keyConvention
    self.cache = cache
  }

  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor { try cache.tensor(kind, layer: layer) }
  public func probeQueries(layer: Int) throws -> ProbeQueries? { try cache.probeQueries(layer: layer) }
}
