/// Anything that a cache can be read from, one layer at a time: a capture file, an `.fkv`, memory.
///
/// Calls may come from several threads at once.
public protocol CacheSource: Sendable {
  /// All that is known of the cache besides its numbers.
  var description: CacheDescription { get }
  /// Keys or values of one layer (0 ..< L); errors say which layer of which file could not be read.
  func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor
  /// The layer's probe queries; nil where the source has none.
  func probeQueries(layer: Int) throws -> ProbeQueries?
}

/// A cache that lies in memory.
public struct MemoryCache: CacheSource {
  public var description: CacheDescription
  /// One tensor a layer.
  public var keys: [CacheTensor]
  public var values: [CacheTensor]
  /// One a layer, or empty.
  public var queries: [ProbeQueries]

  public init(
    description: CacheDescription, keys: [CacheTensor], values: [CacheTensor], queries: [ProbeQueries] = []
  ) {
    precondition(keys.count == description.geometry.layers.count && values.count == keys.count)
    precondition(queries.isEmpty || queries.count == keys.count)
    self.description = description
    self.keys = keys
    self.values = values
    self.queries = queries
  }

  public func tensor(_ kind: CacheKind, layer: Int) -> CacheTensor { kind == .key ? keys[layer] : values[layer] }
  public func probeQueries(layer: Int) -> ProbeQueries? { queries.isEmpty ? nil : queries[layer] }
}
