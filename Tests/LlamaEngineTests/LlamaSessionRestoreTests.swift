import FileIO
import Foundation
import KVCacheModel
import LlamaEngine
import TestSupport
import Testing

extension EngineTests {
  struct LlamaSessionRestoreTests {
    private let scratch = ScratchFolder()

    @Test func aRestoredCacheGivesTheSameLogits() throws {
      let prompt = try TestModel.prompt(TestModel.smol, tokens: 310)
      let original = try LlamaSession(model: TestModel.smol, contextTokens: 512, threads: TestModel.threads)
      _ = try original.prefill(tokens: Array(prompt[..<300]))
      let cache = try original.capture(scratchFolder: scratch.path)

      let fresh = try LlamaSession(model: TestModel.smol, contextTokens: 512, threads: TestModel.threads)
      _ = try fresh.prefill(tokens: [1, 2, 3])
      try fresh.restore(cache, scratchFolder: scratch.path)
      #expect(scratch.names.isEmpty)
      #expect(fresh.tokenCount == 300 && fresh.tokens == Array(prompt[..<300]))
      let continuation = Array(prompt[300...])
      let expected = try original.logits(after: continuation)
      let found = try fresh.logits(after: continuation)
      // The same numbers, added in the same order: equal to the last bit.
      #expect(found == expected)

      let again = try fresh.capture(scratchFolder: scratch.path)
      #expect(again.description.geometry.tokens == 310 && again.description.probeQueries == 0)
      let first = try cache.tensor(.key, layer: 29)
      let second = try again.tensor(.key, layer: 29)
      for head in 0..<3 {
        #expect(
          first.bytes[head * 300 * 128..<(head + 1) * 300 * 128]
            == second.bytes[head * 310 * 128..<head * 310 * 128 + 300 * 128])
      }
    }

    @Test func aChangedCacheGivesOtherLogits() throws {
      let (session, cache) = try small()
      let expected = try session.logits(after: [5])
      var changed = cache
      for index in changed.values[15].bytes.indices { changed.values[15].bytes[index] = 0 }
      try session.restore(changed, scratchFolder: scratch.path)
      #expect(try session.logits(after: [5]) != expected)
      try session.restore(cache, scratchFolder: scratch.path)
      #expect(try session.logits(after: [5]) == expected)
    }

    @Test func whatDoesNotFitIsRefusedAndNothingChanges() throws {
      let (session, cache) = try small()
      func refused(_ change: (inout CacheDescription) -> Void) -> (any Error)? {
        var other = cache
        change(&other.description)
        do {
          try session.restore(other, scratchFolder: scratch.path)
          return nil
        } catch {
          return error
        }
      }
      func mismatch(_ error: (any Error)?) -> String? {
        if case EngineError.cacheMismatch(_, let what, _, _)? = error as? EngineError { what } else { nil }
      }
      if case EngineError.modelMismatch? = refused({ $0.model.fingerprint = "00" }) as? EngineError {
      } else {
        Issue.record("another model's cache was taken")
      }
      #expect(mismatch(refused { $0.geometry.layers.removeLast() }) == "number of layers")
      #expect(mismatch(refused { $0.geometry.layers[3].kvHeads = 1 }) == "number of KV heads")
      #expect(mismatch(refused { $0.geometry.layers[3].headDim = 32 }) == "head dimension")
      #expect(mismatch(refused { $0.geometry.layers[3].slidingWindow = 16 }) == "sliding window")
      #expect(mismatch(refused { $0.geometry.layers[3].tokens -= 1 }) == "end of the cached positions")
      #expect(mismatch(refused { $0.keyType = .float32 }) == "key type")
      #expect(mismatch(refused { $0.valueType = .bfloat16 }) == "value type")
      #expect(mismatch(refused { $0.ropes[0].pairing = .halfSplit }) == "rotary embedding")
      #expect(mismatch(refused { $0.ropes[0].inverseFrequencies[5] *= 2 }) == "rotary embedding")
      #expect(
        refused { description in
          for layer in description.geometry.layers.indices { description.geometry.layers[layer].firstPosition = 100 }
        } as? EngineError == .contextExceeded(tokens: 120, context: 64))
      #expect(
        mismatch(
          refused { description in
            for layer in description.geometry.layers.indices { description.geometry.layers[layer].firstPosition = 1 }
          }) == "first cached position")
      #expect(session.tokenCount == 20 && scratch.names.isEmpty)

      #expect(throws: FileError.self) { try session.restore(cache, scratchFolder: scratch.file("absent")) }
      #expect(throws: FileError.self) { try session.capture(scratchFolder: scratch.file("absent")) }
      #expect(session.tokenCount == 20)
    }

    /// A session that holds 20 tokens, and its cache in memory.
    private func small() throws -> (LlamaSession, MemoryCache) {
      let session = try LlamaSession(model: TestModel.smol, contextTokens: 64, threads: TestModel.threads)
      _ = try session.prefill(tokens: try TestModel.prompt(TestModel.smol, tokens: 20))
      return (session, try session.held(scratchFolder: scratch.path))
    }
  }
}
