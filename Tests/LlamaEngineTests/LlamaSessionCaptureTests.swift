import KVCacheModel
import LlamaEngine
import TestSupport
import Testing

extension EngineTests {
  struct LlamaSessionCaptureTests {
    private let scratch = ScratchFolder()

    @Test func describesSmolLM2() throws {
      let session = try LlamaSession(model: TestModel.smol, contextTokens: 512, threads: TestModel.threads)
      let layers = session.layout.layers
      #expect(layers.count == 30)
      #expect(layers.allSatisfy { $0.kvHeads == 3 && $0.queryHeads == 9 && $0.headDim == 64 })
      #expect(layers.allSatisfy { $0.slidingWindow == nil && $0.ropeIndex == 0 })
      #expect(session.layout.ropes.count == 1)
      let rope = session.layout.ropes[0]
      #expect(rope.pairing == .interleaved && rope.dimensions == 64 && rope.base == 100_000 && rope.magnitude == 1)
      let exact = RotaryEmbedding.unscaledFrequencies(dimensions: 64, base: 100_000)
      // θ is rounded to Float once (relative error ε/2, ε = 2⁻²³) and then raised to at most the 31st power.
      for (found, expected) in zip(rope.inverseFrequencies, exact) {
        #expect(abs(found / expected - 1) <= 32 * 0x1p-24)
      }
      #expect(session.layout.scale == 0.125 && session.layout.softcap == nil)
    }

    @Test func unrotatedKeysOfEqualTokensAgree() throws {
      let session = try LlamaSession(model: TestModel.smol, contextTokens: 512, threads: TestModel.threads)
      let prompt = try TestModel.prompt(TestModel.smol, tokens: 300)
      _ = try session.prefill(tokens: prompt, probeQueries: 16)
      let cache = try session.capture(scratchFolder: scratch.path)
      #expect(scratch.names.isEmpty)
      let keys = try cache.tensor(.key, layer: 0)
      let rope = cache.description.ropes[0]
      #expect(EqualTokenKeys(keys, tokens: prompt, rope: rope).worst <= 1)
      var wrong = rope
      wrong.pairing = .halfSplit
      #expect(EqualTokenKeys(keys, tokens: prompt, rope: wrong).worst > 100)
    }

    @Test func probeQueriesReproduceTheEnginesAttention() throws {
      let prompt = try TestModel.prompt(TestModel.smol, tokens: 120)
      let session = try LlamaSession(model: TestModel.smol, contextTokens: 256, threads: TestModel.threads)
      _ = try session.prefill(tokens: prompt, probeQueries: 2)
      let cache = try session.capture(scratchFolder: scratch.path)
      let engine = EngineAttention(TestModel.smol, tokens: prompt)
      let layers = Array(0..<30)
      #expect(try engine.worstError(cache, layers: layers) < EngineAttention.tolerance)
      #expect(try engine.worstError(cache, layers: layers, scaledBy: 1.1) > 100 * EngineAttention.tolerance)
    }
  }
}
