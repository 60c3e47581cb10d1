import ComputeKernels
import Fidelity
import KVCacheModel

/// What a cache lost against the full one of the same prompt (docs/method.md).
public struct CacheComparison: Sendable {
  /// By layer and query head.
  public var attention: AttentionErrors
  /// ‖K−K̃‖₂/‖K‖₂, one a layer.
  public var keyErrors: [Double]
  public var valueErrors: [Double]
  /// The same over all layers together.
  public var keyError: Double
  public var valueError: Double
  /// P.
  public var probeQueries: Int

  /// Compares keys, values and attention over all layers, on all cores.
  ///
  /// - Parameters:
  ///   - full: the cache as the model made it, with probe queries.
  ///   - progress: called after each layer with layers done and L, from the calling thread.
  /// - Throws: `CacheMismatch` if the caches are not of the same prompt and model, or the full one has no probe queries;
  ///   what either throws.
  public init(
    of cache: some CacheSource, with full: any CacheSource, progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    try CacheMismatch.check(cache.description, against: full.description)
    try self.init(of: cache, with: full, droppedRows: [], progress: progress)
  }

  /// Attention, key and value errors of a cache against the full one; both of the same geometry.
  ///
  /// - Parameter droppedRows: by layer, rows that the cache dropped and that attention over it does not see; empty if it
  ///   dropped none in any layer.
  package init(
    of cache: some CacheSource, with full: any CacheSource, droppedRows: [Range<Int>],
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let description = full.description
    let count = description.geometry.layers.count
    var (attention, keys, values): ([[Double]], [RelativeError], [RelativeError]) = ([], [], [])
    var probes = 0
    try ParallelLoop.ordered(
      count,
      produce: { layer -> LayerComparison in
        guard let queries = try full.probeQueries(layer: layer) else { throw CacheMismatch.noProbeQueries }
        let problem = AttentionProblem(
          layer: description.geometry.layers[layer], queries: queries, scale: description.attentionScale,
          softcap: description.attentionSoftcap)
        return try LayerComparison(
          problem, keys: full.tensor(.key, layer: layer).floats(), values: full.tensor(.value, layer: layer).floats(),
          restoredKeys: cache.tensor(.key, layer: layer).floats(),
          restoredValues: cache.tensor(.value, layer: layer).floats(),
          droppedRows: droppedRows.isEmpty ? 0..<0 : droppedRows[layer])
      },
      consume: { layer, comparison in
        attention.append(comparison.headErrors)
        keys.append(comparison.keyError)
        values.append(comparison.valueError)
        probes = comparison.probeQueries
        progress(layer + 1, count)
      })
    func total(_ errors: [RelativeError]) -> Double {
      errors.reduce(into: RelativeError()) { $0.add($1) }.value
    }
    self.attention = AttentionErrors(layers: attention)
    keyErrors = keys.map(\.value)
    valueErrors = values.map(\.value)
    keyError = total(keys)
    valueError = total(values)
    probeQueries = probes
  }
}
