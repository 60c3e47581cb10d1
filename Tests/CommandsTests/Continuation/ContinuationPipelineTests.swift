import CacheCodec
import Commands
import Fidelity
import Foundation
import Interchange
import KVCacheModel
import LlamaEngine
import TestSupport
import Testing

extension ModelTests {
  /// Going on from reloaded caches in the model that set-up fetched.
  @Suite(.serialized) struct ContinuationPipelineTests {
    private let scratch = ScratchFolder()
    private static let model = try! LlamaModel(path: ModelLocation.standardModel)
    private static let text = (0..<16).map { "Line \($0): the river runs past the old mill, and the miller counts." }
      .joined(separator: " ")
    /// Longer than one batch of logits.
    private static let more = (16..<21).map { " Line \($0): the river runs past the old mill, and the miller counts." }
      .joined()

    private func capture() throws -> CaptureFile {
      var pipeline = CapturePipeline(
        prompt: Self.text, model: ModelLocation.standardModel, output: scratch.file("c.safetensors"), threads: 1)
      pipeline.probeQueries = 16
      _ = try pipeline.run()
      return try CaptureFile(path: scratch.file("c.safetensors"))
    }

    private func pipeline(_ text: String = Self.more) throws -> ContinuationPipeline {
      try ContinuationPipeline(
        model: Self.model, tokens: try Self.model.tokenize(text, addSpecial: false), threads: 1,
        scratchFolder: scratch.path)
    }

    private func restored(_ method: CacheEncoder.Method) throws -> FKVCache {
      _ = try CacheEncoder(method, writer: "").encode(
        try CaptureFile(path: scratch.file("c.safetensors")), to: scratch.file("c.fkv"))
      return try FKVCache(path: scratch.file("c.fkv"))
    }

    @Test func aLosslessCacheGoesOnAsIfNothingHadHappened() throws {
      let full = try capture()
      #expect((150...350).contains(full.description.geometry.tokens))
      let pipeline = try pipeline()
      var progress: [Int] = []
      let found = try pipeline.run(full: full, restored: try restored(.lossless)) { done, all in
        #expect(all == pipeline.tokens.count - 1)
        progress.append(done)
      }
      #expect(found.count == pipeline.tokens.count - 1 && found.count > LlamaSession.batchLogits)
      #expect(found.largestDivergence == 0 && found.topAgreement == 1)
      #expect(found.perplexityRestored == found.perplexityFull && found.perplexityFull > 1)
      #expect(progress == [64, found.count])
      // What the contexts were loaded from is gone.
      #expect(scratch.names == ["c.fkv", "c.safetensors"])
    }

    /// The perplexity is that of the session that made the cache and simply goes on.
    @Test func theFullPerplexityIsThatOfTheWholeText() throws {
      let full = try capture()
      let pipeline = try pipeline()
      let found = try pipeline.run(full: full, restored: full)
      let session = try LlamaSession(
        model: Self.model, contextTokens: full.description.geometry.tokens + pipeline.tokens.count, threads: 1)
      _ = try session.prefill(tokens: try #require(full.description.tokens))
      var surprisal = 0.0
      try session.append(Array(pipeline.tokens.dropLast())) { index, logits in
        let sum = logits.reduce(0) { $0 + exp(Double($1)) }
        surprisal += log(sum) - Double(logits[Int(pipeline.tokens[index + 1])])
      }
      let expected = exp(surprisal / Double(pipeline.tokens.count - 1))
      // Every token's surprisal is a difference of two Doubles below 100, each within a few units of their last place.
      #expect(abs(found.perplexityFull - expected) < 1e-9 * expected)
    }

    @Test func coarseCachesDiverge() throws {
      let full = try capture()
      var fourier = FourierParameters()
      (fourier.window, fourier.states, fourier.keyFraction, fourier.valueFraction) = (16, 8, 1, 1)
      var spectral = SpectralParameters()
      spectral.rate = .ratio(30)
      for method in [CacheEncoder.Method.fourier(fourier), .spectral(spectral)] {
        let found = try pipeline().run(full: full, restored: try restored(method))
        #expect(found.divergences.allSatisfy { $0 > 0 && $0.isFinite })
        #expect(found.divergence(quantile: 0.99) <= found.largestDivergence)
        #expect(found.meanDivergence <= found.divergence(quantile: 0.99))
        #expect(found.perplexityRestored != found.perplexityFull && (0...1).contains(found.topAgreement))
      }
    }

    @Test func whatCannotBeScored() throws {
      #expect(throws: ContinuationPipeline.Failure.tooShort(tokens: 0)) { try pipeline("") }
      #expect(throws: ContinuationPipeline.Failure.tooShort(tokens: 1)) { try pipeline(" the") }
      let full = try capture()
      var other = full.description
      other.model.fingerprint = "0123456789abcdef"
      let stranger = MemoryCache(
        description: other, keys: try other.geometry.layers.indices.map { try full.tensor(.key, layer: $0) },
        values: try other.geometry.layers.indices.map { try full.tensor(.value, layer: $0) })
      let error = #expect(throws: EngineError.self) { try pipeline().run(full: full, restored: stranger) }
      let message = error.map { "\($0)" } ?? ""
      #expect(message.contains("0123456789abcdef") && message.contains(Self.model.identity.fingerprint))
      // The last token is a target only, so it needs no room.
      let cached = full.description.geometry.tokens
      let room = Self.model.trainingContext - cached
      let tooLong = try ContinuationPipeline(
        model: Self.model, tokens: Array(repeating: 5, count: room + 2), threads: 1, scratchFolder: scratch.path)
      #expect(
        throws: ContinuationPipeline.Failure.contextTooSmall(
          cached: cached, continuation: room + 2, context: Self.model.trainingContext)
      ) { try tooLong.run(full: full, restored: full) }
      #expect(scratch.names == ["c.safetensors"])
    }
  }
}
