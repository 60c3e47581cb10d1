import Interchange
import KVCacheModel
import TestSupport
import Testing

@testable import LlamaEngine

extension EngineTests {
  /// A model whose keys depend on the engine's context: short factors up to 256 tokens, long ones beyond.
  struct LongRopeTests {
    private let scratch = ScratchFolder()
    private static let tokens = (0..<100).map { Int32(3 + $0 * 7 % 256) }

    private func model(_ architecture: String = "llama") throws -> LlamaModel {
      var tiny = TinyModel()
      tiny.architecture = architecture
      tiny.context = 4096
      tiny.longRope = (
        short: [1, 1.1, 1.2, 1.3, 1.5, 2, 2.5, 3], long: [1, 2, 4, 8, 16, 24, 32, 48], original: 256
      )
      return try LlamaModel(path: tiny.write(to: scratch.file("\(architecture).gguf")))
    }

    private func captured(_ model: LlamaModel, ropeContext: Int?) throws -> MemoryCache {
      let session = try LlamaSession(
        model: model, contextTokens: Self.tokens.count, threads: 1, ropeContext: ropeContext)
      _ = try session.prefill(tokens: Self.tokens)
      return try session.held(scratchFolder: scratch.path)
    }

    private func floats(_ tensor: CacheTensor) -> [Float] {
      let bytes = tensor.bytes
      return stride(from: 0, to: bytes.count, by: 2).map {
        Float(Float16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8))
      }
    }

    @Test func theContextDecidesTheFactorsAndTheCaptureSaysWhich() throws {
      let model = try model()
      #expect(model.longRope?.originalContext == 256)
      for (context, choice) in [(nil, LongRope.short), (256, .short), (257, .long), (4096, .long)] {
        let cache = try captured(model, ropeContext: context)
        #expect(cache.description.longRope == choice, "context \(context ?? 0)")
        #expect(cache.description.provenance[CacheDescription.originalContextKey] == "256")
        let rope = cache.description.ropes[0]
        let last = Double(choice == .short ? 3 : 48)
        let unscaled = RotaryEmbedding.unscaledFrequencies(dimensions: 16, base: 10_000)[7]
        #expect(abs(rope.inverseFrequencies[7] * last / unscaled - 1) < 1e-5)
        #expect(abs(rope.magnitude - 1.1) < 1e-6)
      }
    }

    @Test func keysAreTurnedToWhatTheOtherContextWouldHaveGiven() throws {
      let model = try model()
      let (short, long) = (try captured(model, ropeContext: nil), try captured(model, ropeContext: 4096))
      #expect(short.keys[0] != long.keys[0])
      for (cache, other, context) in [(short, long, 4096), (long, short, 100)] {
        let session = try LlamaSession(
          model: model, contextTokens: Self.tokens.count, threads: 1, ropeContext: context)
        try session.restore(cache, scratchFolder: scratch.path)
        let held = try session.held(scratchFolder: scratch.path)
        #expect(held.description.longRope == other.description.longRope)
        // The first layer's keys come from the embedding alone, so only the rotation tells them apart: rounded to
        // binary16 before and after.
        let (found, expected) = (floats(held.keys[0]), floats(other.keys[0]))
        let largest = expected.map(abs).max() ?? 0
        for (x, y) in zip(found, expected) { #expect(abs(x - y) <= 3 * 0x1p-11 * largest) }
        #expect(held.values == cache.values)
      }
    }

    @Test func aCacheKeepsItsFactorsWhereTheSessionCan() throws {
      let model = try model()
      let long = try captured(model, ropeContext: 4096)
      let context = try #require(model.ropeContext(of: long.description))
      let session = try LlamaSession(
        model: model, contextTokens: Self.tokens.count, threads: 1, ropeContext: context)
      try session.restore(long, scratchFolder: scratch.path)
      #expect(try session.held(scratchFolder: scratch.path).keys == long.keys)
      #expect(model.ropeContext(of: try captured(model, ropeContext: nil).description) == nil)
    }

    @Test func anotherScalingIsStillRefused() throws {
      let model = try model()
      var cache = try captured(model, ropeContext: nil)
      cache.description.ropes[0].inverseFrequencies[3] *= 1.5
      let session = try LlamaSession(model: model, contextTokens: 200, threads: 1)
      #expect {
        try session.restore(cache, scratchFolder: scratch.path)
      } throws: { error in
        guard case EngineError.cacheMismatch(0, "rotary embedding", let a, let b) = error else { return false }
        return a != b || a.contains("longrope-short")
      }
    }
  }
}
