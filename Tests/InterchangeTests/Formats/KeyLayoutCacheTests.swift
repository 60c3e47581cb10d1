import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

struct KeyLayoutCacheTests {
  @Test func whereElementsComeFrom() {
    #expect(KeyLayoutCache.origins(headDim: 6, rotated: 6, to: .halfSplit) == [0, 2, 4, 1, 3, 5])
    #expect(KeyLayoutCache.origins(headDim: 6, rotated: 6, to: .interleaved) == [0, 3, 1, 4, 2, 5])
    #expect(KeyLayoutCache.origins(headDim: 6, rotated: 4, to: .halfSplit) == [0, 2, 1, 3, 4, 5])
    #expect(KeyLayoutCache.origins(headDim: 5, rotated: 0, to: .halfSplit) == [0, 1, 2, 3, 4])
    for rotated in stride(from: 0, through: 16, by: 2) {
      let there = KeyLayoutCache.origins(headDim: 16, rotated: rotated, to: .halfSplit)
      let back = KeyLayoutCache.origins(headDim: 16, rotated: rotated, to: .interleaved)
      #expect(back.map { there[$0] } == Array(0..<16) && there.map { back[$0] } == Array(0..<16))
    }
  }

  @Test(arguments: ElementType.allCases) func thereAndBackIsTheSameCache(_ type: ElementType) throws {
    for (from, to) in [
      (RotaryEmbedding.Pairing.interleaved, RotaryEmbedding.Pairing.halfSplit), (.halfSplit, .interleaved),
    ] {
      let cache = SyntheticCache.make(elementType: type, pairing: from, slidingWindow: 20)
      let there = try collect(KeyLayoutCache(cache, pairing: to))
      #expect(there.description.ropes.allSatisfy { $0.pairing == to })
      #expect(there.values == cache.values && there.keys != cache.keys && there.queries != cache.queries)
      let back = try collect(KeyLayoutCache(there, pairing: from))
      #expect(back.description == cache.description)
      #expect(back.keys == cache.keys && back.values == cache.values && back.queries == cache.queries)
      #expect(try collect(KeyLayoutCache(cache, pairing: from)).keys == cache.keys)
    }
  }

  /// The permuted keys are the same vectors rotated by other pairs: un-rotated, permuted and rotated again they are the
  /// ones that the permutation gives.
  @Test func pairsKeepTheirFrequencies() throws {
    let rope = RotaryEmbedding(pairing: .interleaved, dimensions: 8, base: 100)
    var other = rope
    other.pairing = .halfSplit
    let plain = (0..<8).map { Float($0 + 1) }
    let origins = KeyLayoutCache.origins(headDim: 8, rotated: 8, to: .halfSplit)
    for position in [0, 1, 7, 100] {
      var first = plain
      SyntheticCache.rotate(&first, 0, position: position, by: rope)
      var second = origins.map { plain[$0] }
      SyntheticCache.rotate(&second, 0, position: position, by: other)
      #expect(origins.map { first[$0] } == second)
    }
  }

  /// Converters permute all layers' weights, those without rotation too.
  @Test func layersWithoutRotationFollow() throws {
    var cache = SyntheticCache.make(layers: 2, headDim: 16, pairing: .interleaved)
    cache.description.ropes.append(.none)
    cache.description.geometry.layers[1].ropeIndex = 1
    let there = try collect(KeyLayoutCache(cache, pairing: .halfSplit))
    #expect(there.description.ropes.map(\.pairing) == [.halfSplit, .none])
    #expect(there.keys[1] != cache.keys[1])
    let back = try collect(KeyLayoutCache(there, pairing: .interleaved))
    #expect(back.keys == cache.keys)
    // Where no layer says anything, heads are permuted whole.
    cache.description.ropes = [.none, .none]
    #expect(try collect(KeyLayoutCache(cache, pairing: .halfSplit)).keys == there.keys)
  }

  @Test func conventions() {
    for (architecture, llama, transformers) in [
      ("llama", RotaryEmbedding.Pairing.interleaved, RotaryEmbedding.Pairing.halfSplit),
      ("cohere2", .interleaved, .interleaved), ("qwen3", .halfSplit, .halfSplit),
    ] {
      #expect(KeyConvention.llamaCpp.pairing(architecture: architecture) == llama)
      #expect(KeyConvention.transformers.pairing(architecture: architecture) == transformers)
    }
    #expect(KeyConvention.llamaCpp.pairing(architecture: "") == nil)
    let tables = [KeyConvention.permuted, KeyConvention.interleaved, KeyConvention.halfSplit]
    #expect(Set(tables.joined()).count == tables.map(\.count).reduce(0, +), "an architecture in two tables")
  }
}
