import CacheCodec
import Fidelity
import FlashAttention
import KVCacheModel

/// One layer of profile `spectral`: attention segment by segment, or decoding first. Reading and entropy decoding are
/// in both times.
struct SpectralBenchProblem: AttentionBenchLayer {
  private let cache: FKVCache
  private let index: Int
  private let source: String
  private let layer: SpectralLayer
  private let problem: AttentionProblem
  private let bytesRead: Int

  init(_ cache: FKVCache, source: String, layer index: Int) throws {
    self.cache = cache
    self.index = index
    self.source = source
    let description = cache.description
    let shape = description.geometry.layers[index]
    layer = try SpectralLayer(cache, layer: index)
    problem = AttentionProblem(
      layer: shape, queries: AttentionBenchQueries.like(try cache.tensor(.key, layer: index), shape),
      scale: description.attentionScale, softcap: description.attentionSoftcap)
    let group = cache.layerGroups.firstIndex { $0.contains(index) }!
    bytesRead = try CacheKind.allCases.reduce(0) { $0 + (try cache.summary($1, group: group).fileBytes) }
  }

  var variants: [Variant] {
    get throws {
      let (cache, index, layer, problem) = (cache, index, layer, problem)
      // Decoding rounds to the cache's types; attention to segments does not.
      let rounded = DecodedReference.outputs(
        problem, keys: try cache.tensor(.key, layer: index).floats(),
        values: try cache.tensor(.value, layer: index).floats())
      let expected = try DecodedReference.outputs(problem, spectral: cache, layer: index)
      return [
        Variant(name: "ours", bytesRead: bytesRead, expected: expected) { try layer.outputs(problem.queries) },
        Variant(name: "decode, then dense", bytesRead: bytesRead, expected: rounded) {
          // By rows: a whole layer may still lie decoded in memory.
          let rows = 0..<problem.layer.tokens
          let tensors = try CacheKind.allCases.map { try cache.tensor($0, layer: index, rows: rows).floats() }
          return try ReferenceAttention.outputs(problem, keys: tensors[0], values: tensors[1])
        },
      ]
    }
  }

  func deviceVariants(_ driver: CUDADriver) throws -> (variants: [Variant], dense: DenseDevice) {
    throw FlashAttentionError.wrongProfile(found: .spectral, needed: .fourier)
  }

  func report(device: String, bandwidth: Double, rows: [AttentionBenchReport.Row]) -> AttentionBenchReport {
    let shape = problem.layer
    return AttentionBenchReport(
      source: source, device: device, tokens: shape.tokens, kvHeads: shape.kvHeads, queryHeads: shape.queryHeads,
      headDim: shape.headDim, exactTokens: 0, frequencies: 0, spectralFraction: 1, bandwidth: bandwidth, rows: rows)
  }
}
