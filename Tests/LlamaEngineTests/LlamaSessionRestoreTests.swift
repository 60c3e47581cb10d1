import KVCacheModel
import LlamaEngine
import TestSupport
import Testing

@Suite(.serialized) struct LlamaSessionRestoreTests {
  private let scratch = ScratchFolder()

  @Test func aRestoredCacheGivesTheSameLogits() throws {
    let prompt = try TestModel.prompt(TestModel.smol, tokens: 310)
    let original = try LlamaSession(model: TestModel.smol, contextTokens: 512, threads: 2)
    _ = try original.prefill(tokens: Array(prompt[..<300]))
    let cache = try original.capture(scratchFolder: scratch.path)

    let fresh = try LlamaSession(model: TestModel.smol, contextTokens: 512, threads: 2)
    try fresh.restore(cache, scratchFolder: scratch.path)
    #expect(scratch.names.isEmpty)
    #expect(fresh.tokenCount == 300 && fresh.tokens == Array(prompt[..<300]))
    let continuation = Array(prompt[300...])
    let expected = try original.logits(after: continuation)
    let found = try fresh.logits(after: continuation)
    // The same numbers, added in the same order: equal to the last bit.
    #expect(found == expected)
  }
}
