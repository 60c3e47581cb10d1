import CacheCodec
import Commands
import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// Profile `spectral` from capture to `.fkv` and back, as the commands do it.
@Suite struct SpectralPipelineTests {
  private let scratch = ScratchFolder()

  private func compressed(_ cache: MemoryCache, _ edit: (inout SpectralParameters) -> Void) throws
    -> CompressPipeline.Report
  {
    try CaptureWriter.write(cache, to: scratch.file("c.safetensors"))
    var parameters = SpectralParameters()
    edit(&parameters)
    return try CompressPipeline(
      input: scratch.file("c.safetensors"), output: scratch.file("c.fkv"), method: .spectral(parameters)
    ).run()
  }

  /// What compressing measured is what verifying finds, in single precision.
  @Test(arguments: [nil, 10] as [Int?]) func theStoredErrorIsTheVerifiedOne(window: Int?) throws {
    let cache = SyntheticCache.make(layers: 3, tokens: 90, headDim: 9, probe: 6, slidingWindow: window)
    for rate in [SpectralParameters.Rate.step(0.3), .targetError(0.08), .ratio(3)] {
      for weighted in [false, true] {
        let report = try compressed(cache) {
          $0.rate = rate
          $0.weightsValuesByAttention = weighted
        }
        let stored = try #require(report.storedError)
        let verified = try VerifyPipeline(path: scratch.file("c.fkv"), reference: scratch.file("c.safetensors")).run()
        let comparison = try #require(verified.comparison)
        #expect(verified.findings.isEmpty && stored.probeQueries == 6)
        #expect(stored.errors.layers == comparison.attention.layers.map { $0.map { Double(Float($0)) } })
        #expect(stored.errors.mean > 0)
      }
    }
  }

  @Test func everyByteIsAccountedFor() throws {
    _ = try compressed(SyntheticCache.make(layers: 3, tokens: 90, slidingWindow: 20)) {
      $0.rate = .step(0.3)
      $0.exactFraction = 0.1
    }
    let report = try InspectPipeline(path: scratch.file("c.fkv")).run()
    #expect(report.breakdown.reduce(0) { $0 + $1.bytes } == report.size.fileBytes)
  }

  @Test func restoringGivesWhatTheFileHolds() throws {
    _ = try compressed(SyntheticCache.make(layers: 2, tokens: 50)) { $0.rate = .step(0.3) }
    try RestorePipeline(input: scratch.file("c.fkv"), output: scratch.file("r.safetensors")).run()
    let (file, restored) = (
      try FKVCache(path: scratch.file("c.fkv")), try CaptureFile(path: scratch.file("r.safetensors"))
    )
    for layer in 0..<2 {
      for kind in CacheKind.allCases {
        #expect(try restored.tensor(kind, layer: layer) == file.tensor(kind, layer: layer))
      }
    }
  }
}
