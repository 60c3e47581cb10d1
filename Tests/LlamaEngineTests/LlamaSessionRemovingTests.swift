import KVCacheModel
import LlamaEngine
import TestSupport
import Testing

extension EngineTests {
  struct LlamaSessionRemovingTests {
    private let scratch = ScratchFolder()

    private func session() throws -> (LlamaSession, MemoryCache) {
      let session = try LlamaSession(model: TestModel.smol, contextTokens: 64, threads: TestModel.threads)
      _ = try session.prefill(tokens: try TestModel.prompt(TestModel.smol, tokens: 40), probeQueries: 4)
      return (session, try session.held(scratchFolder: scratch.path))
    }

    /// What is taken out has no say: whatever stood there, the logits are the same, and others than with it.
    @Test func removedPositionsAreNotAttendedTo() throws {
      let (session, cache) = try session()
      let full = try session.logits(after: [5, 6])
      var found: [[[Float]]] = []
      for fill: UInt8 in [0, 0x3C] {
        var other = cache
        for layer in other.keys.indices {
          for head in 0..<3 {
            let row = 64 * 2
            for byte in (head * 40 + 4) * row..<(head * 40 + 30) * row {
              other.keys[layer].bytes[byte] = fill
              other.values[layer].bytes[byte] = fill
            }
          }
        }
        try session.restore(other, scratchFolder: scratch.path)
        #expect(!session.hasGaps)
        session.remove(positions: 4..<30)
        #expect(session.hasGaps && session.tokenCount == 40)
        found.append(try session.logits(after: [5, 6]))
        #expect(session.tokenCount == 42)
      }
      #expect(found[0] == found[1] && found[0] != full)
      session.reset()
      #expect(!session.hasGaps)
    }

    /// Without its end a cache is the cache of a shorter prompt.
    @Test func removedEndsAreForgotten() throws {
      let (session, _) = try session()
      let prompt = try TestModel.prompt(TestModel.smol, tokens: 40)
      session.remove(positions: 30..<40)
      #expect(session.tokenCount == 30 && session.tokens == Array(prompt[..<30]) && !session.hasGaps)
      let found = try session.logits(after: [5])
      #expect(try session.capture(scratchFolder: scratch.path).description.geometry.tokens == 31)
      session.reset()
      _ = try session.prefill(tokens: Array(prompt[..<30]))
      let expected = try session.logits(after: [5])[0]
      // Batches of other lengths add in another order: logits near 10 with 11 bits of cache agree to a part in a hundred.
      #expect(zip(found[0], expected).allSatisfy { abs($0 - $1) < 0.1 })
    }

    @Test func nothingAndEverything() throws {
      let (session, _) = try session()
      session.remove(positions: 7..<7)
      #expect(session.tokenCount == 40 && !session.hasGaps)
      session.remove(positions: 0..<40)
      #expect(session.tokenCount == 0 && session.tokens == [] && !session.hasGaps)
    }
  }
}
