import Interchange
import KVCacheModel
import TestSupport
import Testing

@testable import Commands

/// What the model that set-up fetched says of its caches.
@Suite struct ModelFactsTests {
  @Test func smolLM2() throws {
    let facts = try ModelFacts.reading(ModelLocation.standardModel)
    #expect(facts.identity.architecture == "llama" && facts.identity.fingerprint.count == 34)
    let layer = LayerGeometry(kvHeads: 3, queryHeads: 9, headDim: 64, tokens: 0)
    #expect(facts.layers == Array(repeating: layer, count: 30))
    #expect(facts.ropes.map(\.pairing) == [.interleaved] && facts.ropes[0].base == 100_000)
    #expect(facts.attentionScale == 0.125 && facts.attentionSoftcap == nil)
    #expect(facts.stateFormat?.blobCount == 1 && facts.stateFormat?.cellExtensionBytes == 0)
  }
}
