import KVCacheModel
import LlamaEngine
import TestSupport
import Testing

extension EngineTests {
  /// A second architecture: sliding-window layers, two rotary embeddings, queries scaled before the attention.
  @Suite(.enabled(if: TestModel.hasGemma, "no Gemma-3-270M; make test fetches it")) struct GemmaTests {
    private let scratch = ScratchFolder()

    @Test func describesWindowsAndRotaryEmbeddings() throws {
      let session = try LlamaSession(model: TestModel.gemma, contextTokens: 1024, threads: TestModel.threads)
      let layers = session.layout.layers
      // Every sixth layer attends to everything (Gemma 3 report, arXiv 2503.19786, section 2).
      for (index, layer) in layers.enumerated() {
        #expect(layer.slidingWindow == (index % 6 == 5 ? nil : 512))
        #expect(session.layout.ropes[layer.ropeIndex].base == (index % 6 == 5 ? 1_000_000 : 10_000))
        #expect(session.layout.ropes[layer.ropeIndex].pairing == .halfSplit)
      }
      #expect(session.layout.ropes.count == 2)
      #expect(session.layout.scale == 1 / Float(layers[0].headDim).squareRoot())
    }

    @Test func promptsBeginWithItsToken() throws {
      #expect(TestModel.gemma.startTokens == [2])
      #expect(try TestModel.gemma.tokenize("") == [2] && TestModel.gemma.tokenize("a").first == 2)
    }

    @Test func keepsWhatProbeQueriesAttendTo() throws {
      let prompt = try TestModel.prompt(TestModel.gemma, tokens: 810)
      let session = try LlamaSession(model: TestModel.gemma, contextTokens: 1024, threads: TestModel.threads)
      _ = try session.prefill(tokens: Array(prompt[..<800]), probeQueries: 64)
      let cache = try session.capture(scratchFolder: scratch.path)
      let geometry = cache.description.geometry
      #expect(geometry.layers[0].firstPosition == 800 - 64 - 512 + 1)
      #expect(geometry.layers[5].firstPosition == 0 && geometry.layers[5].tokens == 800)

      let fresh = try LlamaSession(model: TestModel.gemma, contextTokens: 1024, threads: TestModel.threads)
      try fresh.restore(cache, scratchFolder: scratch.path)
      let expected = try session.logits(after: Array(prompt[800...]))
      let found = try fresh.logits(after: Array(prompt[800...]))
      // The sliding layers' keys lie in other cells now; each query still adds the same numbers in the same order.
      #expect(found == expected)
    }

    @Test func unrotatedKeysOfEqualTokensAgree() throws {
      let prompt = try TestModel.prompt(TestModel.gemma, tokens: 200)
      let session = try LlamaSession(model: TestModel.gemma, contextTokens: 1024, threads: TestModel.threads)
      _ = try session.prefill(tokens: prompt)
      let cache = try session.capture(scratchFolder: scratch.path)
      let rope = cache.description.ropes[cache.description.geometry.layers[0].ropeIndex]
      #expect(EqualTokenKeys(try cache.tensor(.key, layer: 0), tokens: prompt, rope: rope).worst <= 1)
    }

    @Test func probeQueriesReproduceTheEnginesAttention() throws {
      let prompt = try TestModel.prompt(TestModel.gemma, tokens: 640)
      let session = try LlamaSession(model: TestModel.gemma, contextTokens: 1024, threads: TestModel.threads)
      _ = try session.prefill(tokens: prompt, probeQueries: 2)
      let cache = try session.capture(scratchFolder: scratch.path)
      let engine = EngineAttention(TestModel.gemma, tokens: prompt)
      // The first layer slides, the sixth does not.
      #expect(try engine.worstError(cache, layers: [0, 5, 17]) < EngineAttention.tolerance)
      #expect(try engine.worstError(cache, layers: [0], scaledBy: 1.1) > 100 * EngineAttention.tolerance)
    }
  }
}
