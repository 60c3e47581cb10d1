import LlamaEngine
import TestSupport
import Testing

extension EngineTests {
  struct LlamaSessionPrefillTests {
    private struct Stop: Error {}

    @Test func progressIsToldAfterEachBatch() throws {
      let prompt = try TestModel.prompt(TestModel.smol, tokens: 600)
      let session = try LlamaSession(model: TestModel.smol, contextTokens: 600, threads: TestModel.threads)
      var steps: [Int] = []
      let result = try session.prefill(tokens: prompt, probeQueries: 4) { steps.append($0) }
      #expect(steps == [512, 600] && session.tokenCount == 600 && session.tokens == prompt)
      #expect(result.logits.count == 49152 && result.logits.allSatisfy(\.isFinite) && result.duration > .zero)
      #expect(throws: EngineError.contextExceeded(tokens: 601, context: 600)) { try session.logits(after: [1]) }
      #expect(session.tokenCount == 600)
    }

    @Test func aStoppedPrefillLeavesAnEmptyCache() throws {
      let prompt = try TestModel.prompt(TestModel.smol, tokens: 40)
      let session = try LlamaSession(model: TestModel.smol, contextTokens: 64, threads: TestModel.threads)
      #expect(throws: Stop.self) { try session.prefill(tokens: prompt) { _ in throw Stop() } }
      #expect(session.tokenCount == 0 && session.tokens == [])
      let first = try session.prefill(tokens: prompt).logits
      session.reset()
      #expect(try session.prefill(tokens: prompt).logits == first)
    }

    @Test func whatCannotBePrefilledIsRefused() throws {
      let session = try LlamaSession(model: TestModel.smol, contextTokens: 8, threads: 1)
      #expect(throws: EngineError.emptyPrompt) { try session.prefill(tokens: []) }
      #expect(throws: EngineError.contextExceeded(tokens: 9, context: 8)) {
        try session.prefill(tokens: [Int32](repeating: 1, count: 9))
      }
      #expect(throws: EngineError.unknownToken(id: 50_000, vocabulary: 49152)) {
        try session.prefill(tokens: [1, 50_000])
      }
      #expect(session.tokenCount == 0)
      let result = try session.prefill(tokens: [1], probeQueries: 100)
      #expect(result.logits.count == 49152 && session.tokenCount == 1)
    }

    @Test func logitsComeOneForEachToken() throws {
      let prompt = try TestModel.prompt(TestModel.smol, tokens: 100)
      let session = try LlamaSession(model: TestModel.smol, contextTokens: 128, threads: TestModel.threads)
      _ = try session.prefill(tokens: Array(prompt[..<20]))
      var indices: [Int] = []
      try session.append(Array(prompt[20...])) { index, logits in
        indices.append(index)
        #expect(logits.count == 49152)
      }
      #expect(indices == Array(0..<80) && session.tokens == prompt)
      #expect(try session.logits(after: []).isEmpty)
    }
  }
}

extension EngineTests {
  struct LlamaSessionAppendTests {
    /// The last token's logits alone, over more tokens than one batch has of either kind.
    @Test func theLastLogitsAlone() throws {
      let session = try LlamaSession(model: TestModel.smol, contextTokens: 600, threads: TestModel.threads)
      let prompt = try TestModel.prompt(TestModel.smol, tokens: 520)
      let few = Array(prompt[..<64])
      let each = try session.logits(after: few)
      session.reset()
      let last = try session.append(few, lastLogits: { Array($0) })
      #expect(session.tokenCount == 64 && session.tokens == few)
      // The same batch; the last layer alone runs on one row instead of 64, which may add in another order.
      #expect(zip(last, each[63]).allSatisfy { abs($0 - $1) < 0.1 })
      session.reset()
      let all = try session.append(prompt, lastLogits: { Array($0) })
      session.reset()
      #expect(try session.prefill(tokens: prompt).logits == all)
      #expect(throws: EngineError.contextExceeded(tokens: 601, context: 600)) {
        try session.append(Array(repeating: 5, count: 81), lastLogits: { _ in })
      }
      #expect(session.tokenCount == 520)
    }
  }
}
