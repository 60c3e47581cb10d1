import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// What one program's file does not say stays unknown in another program's file.
@Suite struct UnknownFactsTests {
  private let folder = ScratchFolder()

  private func supplied(model: Bool) -> SuppliedFacts {
    var supplied = SuppliedFacts()
    guard model else {
      supplied.architecture = "llama"
      return supplied
    }
    let layer = LayerGeometry(kvHeads: 2, queryHeads: 6, headDim: 8, tokens: 0)
    supplied.model = ModelFacts(
      identity: ModelIdentity(name: "m", architecture: "llama", fingerprint: "f"),
      layers: [layer, layer],
      ropes: [RotaryEmbedding(pairing: .interleaved, dimensions: 8, base: 10000)], attentionScale: 0.5,
      attentionSoftcap: nil)
    return supplied
  }

  /// A file of `format` whose cache came from one that says nothing of model, heads, embeddings and scale.
  private func written(_ format: any CacheFormat) throws -> any ForeignCache {
    var cache = SyntheticCache.make(layers: 2, kvHeads: 2, groupSize: 3, tokens: 5, headDim: 8, probe: 0)
    cache.description.model = ModelIdentity(name: "", architecture: "", fingerprint: "")
    let raw = SourceCache(cache, path: "x", format: "x")
    var open = OpenFacts(cache: raw, facts: raw.facts)
    open.facts.ropes = nil
    open.facts.attentionScale = nil
    open.facts.keyConvention = .transformers
    for layer in open.facts.layers.indices { open.facts.layers[layer].queryHeads = nil }
    let described = try DescribedCache(open, supplied: supplied(model: false), needs: [])
    #expect(described.description.unknown == Set(UnknownFact.allCases))
    var options = WriteOptions()
    options.modelName = "m"
    _ = try format.write(described, to: folder.file(format.name), options: options) { _ in }
    return try format.open(folder.file(format.name), supplied: SuppliedFacts())
  }

  private struct OpenFacts: ForeignCache {
    let cache: SourceCache
    var facts: ForeignFacts
    func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor { try cache.tensor(kind, layer: layer) }
  }

  @Test func theWayBackAsksAndTakesTheRightModel() throws {
    for format in [TransformersFormat(), MLXFormat(), LMCacheFormat()] as [any CacheFormat] {
      let found = try written(format)
      #expect(found.facts.ropes == nil && found.facts.attentionScale == nil, "\(format.name)")
      #expect(found.facts.layers.allSatisfy { $0.queryHeads == nil })
      #expect(found.facts.model.architecture == "llama" && found.facts.keyConvention == .transformers)
      #expect(throws: MissingFacts(path: found.facts.path, facts: [.queryHeads, .rope, .attentionScale])) {
        try DescribedCache(found, supplied: SuppliedFacts(), needs: CaptureFormat().needs)
      }
      let description = try DescribedCache(found, supplied: supplied(model: true), needs: CaptureFormat().needs)
        .description
      #expect(description.unknown.isEmpty && description.attentionScale == 0.5)
      #expect(description.geometry.layers.allSatisfy { $0.queryHeads == 6 })
      #expect(description.ropes.map(\.pairing) == [.halfSplit])
    }
  }
}
