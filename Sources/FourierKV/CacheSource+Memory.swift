import ComputeKernels
import KVCacheModel

extension CacheSource {
  /// The whole cache in memory, read on all cores.
  ///
  /// - Parameter withQueries: whether with its probe queries, where it has any.
  /// - Throws: what the source throws.
  public func inMemory(withQueries: Bool = true) throws -> MemoryCache {
    let layers = description.geometry.layers.count
    let tensors = try ParallelLoop.map(2 * layers) { try tensor(CacheKind.allCases[$0 % 2], layer: $0 / 2) }
    let queries = try withQueries ? (0..<layers).compactMap { try probeQueries(layer: $0) } : []
    return MemoryCache(
      description: description, keys: stride(from: 0, to: 2 * layers, by: 2).map { tensors[$0] },
      values: stride(from: 1, to: 2 * layers, by: 2).map { tensors[$0] }, queries: queries)
  }
}
