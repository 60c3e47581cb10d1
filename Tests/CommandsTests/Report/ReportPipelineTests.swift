import CacheCodec
import Commands
import Foundation
import FourierKV
import Interchange
import KVCacheModel
import TestSupport
import Testing

@Suite struct ReportPipelineTests {
  private let scratch = ScratchFolder()

  private func contents(_ cache: MemoryCache, _ method: CacheEncoder.Method) throws -> ReportContents {
    try CaptureWriter.write(cache, to: scratch.file("c.safetensors"))
    _ = try CacheEncoder(method, writer: "test").encode(cache, to: scratch.file("c.fkv"))
    return try ReportPipeline(path: scratch.file("c.fkv"), reference: scratch.file("c.safetensors")).run()
  }

  private static func spectral(_ step: Double) -> CacheEncoder.Method {
    var parameters = SpectralParameters()
    parameters.rate = .step(step)
    return .spectral(parameters)
  }

  @Test func aLosslessFileKeepsEverything() throws {
    let found = try contents(SyntheticCache.make(layers: 3, tokens: 40, slidingWindow: 9), .lossless)
    #expect(found.comparison.attention.max == 0)
    #expect(found.spectra.map(\.signal) == [.plainKeys, .values])
    for spectrum in found.spectra {
      #expect(spectrum.lostShare == 0 && spectrum.layers == 3)
      #expect(spectrum.bands.allSatisfy { $0.difference.most == 0 && $0.full == $0.restored })
    }
    #expect((found.depth.keys + found.depth.values).allSatisfy { $0 == 0 })
    #expect(found.predictions == nil && found.rates == nil)
    #expect(found.files.map(\.role) == ["cache", "reference"])
    #expect(found.account.fileBytes == found.files[0].bytes)
  }

  /// What profile `fourier` cuts off is gone, and below the cut nothing is lost but rounding.
  @Test func fourierCutsSpectraOff() throws {
    var parameters = FourierParameters()
    (parameters.sinks, parameters.window, parameters.states) = (4, 16, 32)
    (parameters.keyFraction, parameters.valueFraction, parameters.coefficientType) = (1, 1, .float32)
    let cache = SyntheticCache.make(tokens: 148, elementType: .float32)
    let found = try contents(cache, .fourier(parameters))
    #expect(found.spectra.map(\.signal) == [.plainKeys, .cachedKeys, .values])
    // 128 rows, frequencies 0…15 of them kept.
    for spectrum in found.spectra where spectrum.signal != .plainKeys {
      for band in spectrum.bands {
        if band.frequency < 15.0 / 128 {
          #expect(band.difference.most < 1e-9 * band.full.most)
        } else if band.frequency > 20.0 / 128 {
          // Single precision: some 2⁻²⁴ of the largest energy.
          #expect(band.restored.most < 1e-9 && abs(band.difference.mean - band.full.mean) < 1e-3 * band.full.mean)
        }
      }
    }
    // Keys are rotated, so the cut blurs once the rotation is undone.
    #expect(found.spectra[0].bands[1].difference.mean > 0)
    // The exact ends of the prompt.
    #expect(found.depth.keys.first == 0 && found.depth.values.last == 0)
    #expect(found.depth.keys.contains { $0! > 0 })
  }

  @Test func keysWithoutRotationHaveOneSpectrum() throws {
    let found = try contents(SyntheticCache.make(tokens: 60, pairing: .none), .fourier(FourierParameters()))
    #expect(found.spectra.map(\.signal) == [.plainKeys, .values])
  }

  /// A coarser file loses more, in spectra, in depth and in attention.
  @Test func spectralLosesByStep() throws {
    let cache = SyntheticCache.make(tokens: 120, slidingWindow: 48)
    let (fine, coarse) = (try contents(cache, Self.spectral(0.05)), try contents(cache, Self.spectral(0.8)))
    #expect(fine.spectra.count == 2 && coarse.spectra.count == 2)
    for (a, b) in zip(fine.spectra, coarse.spectra) { #expect(0 < a.lostShare && a.lostShare < b.lostShare) }
    let middle = fine.depth.buckets.firstIndex { $0.contains(60) }!
    #expect(fine.depth.keys[middle]! < coarse.depth.keys[middle]!)
    #expect(fine.comparison.attention.mean < coarse.comparison.attention.mean)
  }

  @Test func progressNamesItsStages() throws {
    let cache = SyntheticCache.make(layers: 3, tokens: 40)
    try CaptureWriter.write(cache, to: scratch.file("c.safetensors"))
    _ = try CacheEncoder(.lossless, writer: "").encode(cache, to: scratch.file("c.fkv"))
    var seen: [String] = []
    _ = try ReportPipeline(path: scratch.file("c.fkv"), reference: scratch.file("c.safetensors"))
      .run { seen.append("\($0) \($1)/\($2)") }
    #expect(seen == (1...3).map { "comparing \($0)/3" } + (1...3).map { "surveying \($0)/3" })
  }

  @Test func whatCannotBeReported() throws {
    let cache = SyntheticCache.make(tokens: 40)
    _ = try contents(cache, .lossless)
    func run(_ edit: (inout ReportPipeline) -> Void) throws {
      var pipeline = ReportPipeline(path: scratch.file("c.fkv"), reference: scratch.file("c.safetensors"))
      edit(&pipeline)
      _ = try pipeline.run()
    }
    var blind = cache
    blind.queries = []
    blind.description.probeQueries = 0
    try CaptureWriter.write(blind, to: scratch.file("blind"))
    #expect(throws: CacheMismatch.noProbeQueries) { try run { $0.reference = scratch.file("blind") } }
    try CaptureWriter.write(SyntheticCache.make(tokens: 40, seed: 2), to: scratch.file("other"))
    #expect(throws: CacheMismatch.model(cache: "synthetic (1)", reference: "synthetic (2)")) {
      try run { $0.reference = scratch.file("other") }
    }
    try Data(#"{"captures": []}"#.utf8).write(to: URL(fileURLWithPath: scratch.file("b.json")))
    #expect(throws: BenchResultError.noSuchCache(path: scratch.file("b.json"), captures: [])) {
      try run { $0.benchResult = scratch.file("b.json") }
    }
    // A damaged section, whichever it is.
    let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: scratch.file("c.fkv"))))
    for section in try FKVCache(path: scratch.file("c.fkv")).reader.sections where section.kind != .header {
      var bytes = good
      bytes[section.payloadOffset] ^= 1
      try Data(bytes).write(to: URL(fileURLWithPath: scratch.file("c.fkv")))
      let error = #expect(throws: (any Error).self) { try run { _ in } }
      #expect(error.map { "\($0)" }?.hasPrefix(scratch.file("c.fkv") + ": ") == true)
    }
  }
}
