import KVCacheModel
import LlamaEngine
import TestSupport
import Testing

extension EngineTests {
  /// Caches that an engine went on from.
  struct LlamaSessionGrowingTests {
    private let scratch = ScratchFolder()

    private func session(_ model: LlamaModel, _ context: Int = 768) throws -> LlamaSession {
      try LlamaSession(model: model, contextTokens: context, threads: TestModel.threads)
    }

    private func memory(_ cache: some CacheSource) throws -> MemoryCache {
      let layers = cache.description.geometry.layers.indices
      return MemoryCache(
        description: cache.description, keys: try layers.map { try cache.tensor(.key, layer: $0) },
        values: try layers.map { try cache.tensor(.value, layer: $0) },
        queries: try layers.compactMap { try cache.probeQueries(layer: $0) })
    }

    /// The beginning ends where the engine's batch of 512 does, so that a whole prefill runs the same batches: its
    /// logits, keys, values and queries are equal to the last bit, and so are the logits of what comes next.
    @Test func growingEqualsAWholePrefill() throws {
      let prompt = try TestModel.prompt(TestModel.smol, tokens: 560)
      let whole = try session(TestModel.smol)
      let prefilled = try whole.prefill(tokens: Array(prompt[..<550]), probeQueries: 20).logits
      let expected = try memory(whole.capture(scratchFolder: scratch.path))

      let first = try session(TestModel.smol)
      _ = try first.prefill(tokens: Array(prompt[..<512]))
      let beginning = try first.held(scratchFolder: scratch.path)
      let second = try session(TestModel.smol)
      try second.restore(beginning, scratchFolder: scratch.path)
      second.recordQueries(last: 20)
      var steps: [Int] = []
      let logits = try second.append(
        Array(prompt[512..<550]), progress: { steps.append($0) }, lastLogits: { Array($0) })
      #expect(logits == prefilled && steps == [38])
      let grown = try memory(second.capture(continuing: beginning, from: 512, scratchFolder: scratch.path))
      #expect(grown.description.tokens == Array(prompt[..<550]) && grown.description.probeQueries == 20)
      #expect(grown.keys == expected.keys && grown.values == expected.values && grown.queries == expected.queries)
      #expect(scratch.names.isEmpty)

      let third = try session(TestModel.smol)
      try third.restore(grown, scratchFolder: scratch.path)
      #expect(try third.logits(after: Array(prompt[550...])) == whole.logits(after: Array(prompt[550...])))
    }

    /// Queries of tokens that came one at a time, and more of them than are kept.
    @Test func theLastQueriesAreKept() throws {
      let prompt = try TestModel.prompt(TestModel.smol, tokens: 60)
      let one = try session(TestModel.smol, 64)
      _ = try one.prefill(tokens: Array(prompt[..<40]))
      let beginning = try one.held(scratchFolder: scratch.path)
      func queries(last count: Int) throws -> [ProbeQueries] {
        try one.restore(beginning, scratchFolder: scratch.path)
        one.recordQueries(last: count)
        for token in prompt[40...] { try one.append([token], lastLogits: { _ in }) }
        return try memory(one.capture(continuing: beginning, from: 40, scratchFolder: scratch.path)).queries
      }
      let (few, all) = (try queries(last: 7), try queries(last: 100))
      #expect(few[3].firstPosition == 53 && few[3].count == 7 && all[3].firstPosition == 40 && all[3].count == 20)
      for layer in [0, 29] {
        let (x, y, dim) = (few[layer], all[layer], few[layer].headDim)
        for head in 0..<x.heads {
          #expect(
            x.elements[head * 7 * dim..<(head + 1) * 7 * dim]
              == y.elements[(head * 20 + 13) * dim..<(head + 1) * 20 * dim])
        }
      }
      #expect(try queries(last: 0).isEmpty)
    }

    /// A sliding layer keeps what the beginning held, though the engine reuses those cells; what goes on from it is equal.
    @Test func slidingWindowsGrow() throws {
      var tiny = TinyModel()
      (tiny.architecture, tiny.slidingWindow, tiny.context) = ("gemma2", 32, 1024)
      let model = try LlamaModel(path: tiny.write(to: scratch.file("m.gguf")))
      let prompt = (0..<600).map { Int32(3 + $0 * 37 % 250) }
      let first = try session(model)
      _ = try first.prefill(tokens: Array(prompt[..<512]), probeQueries: 16)
      let beginning = try memory(first.capture(scratchFolder: scratch.path))
      let layers = beginning.description.geometry.layers
      try #require(layers[0].slidingWindow == 32 && layers[1].slidingWindow == nil)
      try #require(layers[0].firstPosition == 512 - 16 - 32 + 1)

      let second = try session(model)
      try second.restore(beginning, scratchFolder: scratch.path)
      second.recordQueries(last: 64)
      try second.append(Array(prompt[512..<580]), lastLogits: { _ in })
      let grown = try memory(second.capture(continuing: beginning, from: 512, scratchFolder: scratch.path))
      #expect(grown.description.geometry.layers[0].firstPosition == layers[0].firstPosition)
      #expect(grown.description.geometry.endPosition == 580 && grown.description.probeQueries == 64)

      let whole = try session(model)
      _ = try whole.prefill(tokens: Array(prompt[..<580]), probeQueries: 64)
      let expected = try memory(whole.capture(scratchFolder: scratch.path))
      let skipped = expected.description.geometry.layers[0].firstPosition
      for kind in CacheKind.allCases {
        #expect(try grown.tensor(kind, layer: 1) == expected.tensor(kind, layer: 1))
        let (own, others) = (try grown.tensor(kind, layer: 0), try expected.tensor(kind, layer: 0))
        // Which of the two begins earlier depends on the probe queries; both end at 580.
        let common = 580 - max(layers[0].firstPosition, skipped)
        #expect(own.rows(own.tokens - common..<own.tokens) == others.rows(others.tokens - common..<others.tokens))
      }
      #expect(grown.queries == expected.queries)
      let third = try session(model)
      try third.restore(grown, scratchFolder: scratch.path)
      #expect(try third.logits(after: Array(prompt[580...])) == whole.logits(after: Array(prompt[580...])))
    }
  }
}
