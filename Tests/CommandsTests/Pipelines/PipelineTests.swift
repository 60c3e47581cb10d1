import CacheCodec
import Commands
import FKVFormat
import FileIO
import Foundation
import FourierKV
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// From capture to `.fkv` and back, as the commands do it.
@Suite struct PipelineTests {
  private let scratch = ScratchFolder()

  private static var fourier: CacheEncoder.Method {
    var parameters = FourierParameters()
    parameters.window = 5
    return .fourier(parameters)
  }

  @discardableResult
  private func compressed(_ cache: MemoryCache, _ method: CacheEncoder.Method) throws -> CompressPipeline.Report {
    try CaptureWriter.write(cache, to: scratch.file("c.safetensors"))
    return try CompressPipeline(input: scratch.file("c.safetensors"), output: scratch.file("c.fkv"), method: method)
      .run()
  }

  private func verified() throws -> VerifyPipeline.Report {
    try VerifyPipeline(path: scratch.file("c.fkv"), reference: scratch.file("c.safetensors")).run()
  }

  /// What compressing measured is what verifying finds, in single precision.
  @Test(arguments: [nil, 10] as [Int?]) func theStoredErrorIsTheVerifiedOne(window: Int?) throws {
    let cache = SyntheticCache.make(layers: 3, tokens: 50, headDim: 9, probe: 6, slidingWindow: window)
    let stored = try #require(try compressed(cache, Self.fourier).storedError)
    let comparison = try #require(try verified().comparison)
    #expect(stored.probeQueries == 6 && comparison.probeQueries == 6)
    #expect(stored.errors.layers == comparison.attention.layers.map { $0.map { Double(Float($0)) } })
    #expect(stored.errors.mean > 0 && comparison.keyError > 0 && comparison.valueError > 0)
  }

  @Test func losslessVerifiesWithoutError() throws {
    let cache = SyntheticCache.make(tokens: 30, elementType: .bfloat16)
    let report = try compressed(cache, .lossless)
    let comparison = try #require(try verified().comparison)
    #expect(comparison.attention.max == 0 && comparison.keyErrors == [0, 0] && comparison.valueError == 0)
    let bytes = try FileReader(path: scratch.file("c.fkv")).byteCount
    #expect(report.size.fileBytes == bytes && report.size.rawBytes == 2 * 2 * 2 * 2 * 30 * 16)
    #expect(report.size.ratio == Double(report.size.rawBytes) / Double(bytes))
    #expect(report.size.bitsPerElement == 8 * Double(bytes) / Double(2 * 2 * 2 * 30 * 16))
  }

  @Test func restoreGivesTheCaptureBack() throws {
    let cache = SyntheticCache.make(layers: 3, tokens: 30, slidingWindow: 8)
    try compressed(cache, .lossless)
    let progress = try restored()
    #expect(progress == [1, 2, 3])
    let file = try CaptureFile(path: scratch.file("r.safetensors"))
    var expected = try CaptureFile(path: scratch.file("c.safetensors")).description
    expected.probeQueries = 0
    #expect(file.description == expected)
    for layer in 0..<3 {
      #expect(try file.tensor(.key, layer: layer) == cache.keys[layer])
      #expect(try file.tensor(.value, layer: layer) == cache.values[layer])
    }
  }

  private func restored() throws -> [Int] {
    var progress: [Int] = []
    _ = try RestorePipeline(input: scratch.file("c.fkv"), output: scratch.file("r.safetensors")).run { done, all in
      #expect(all == 3)
      progress.append(done)
    }
    return progress
  }

  @Test func anFKVCanBeCompressedAgain() throws {
    let cache = SyntheticCache.make(tokens: 30)
    try compressed(cache, .lossless)
    let report = try CompressPipeline(
      input: scratch.file("c.fkv"), output: scratch.file("again.fkv"), method: Self.fourier
    ).run()
    #expect(report.storedError == nil && report.profile == .fourier)
    let verified = try VerifyPipeline(path: scratch.file("again.fkv"), reference: scratch.file("c.safetensors")).run()
    #expect(try #require(verified.comparison).attention.mean > 0)
  }

  @Test(arguments: 0..<2) func everyByteIsAccountedFor(method: Int) throws {
    try compressed(SyntheticCache.make(layers: 3, tokens: 40, slidingWindow: 9), [.lossless, Self.fourier][method])
    let report = try InspectPipeline(path: scratch.file("c.fkv")).run()
    #expect(report.breakdown.reduce(0) { $0 + $1.bytes } == report.size.fileBytes)
    #expect(report.breakdown.allSatisfy { $0.bytes > 0 })
    #expect(report.sections.count == 8 && report.hasTokens && report.keys.count == 3 && report.values.count == 3)
    // Prologue, and a row for each section; prefixes are counted with their sections.
    #expect(report.sections.reduce(0) { $0 + $1.bytes } + 64 + 8 * 56 == report.size.fileBytes)
  }

  @Test func damageIsFoundAndNothingElseReported() throws {
    try compressed(SyntheticCache.make(layers: 3, tokens: 40), Self.fourier)
    let sections = try FKVCache(path: scratch.file("c.fkv")).reader.sections
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: scratch.file("c.fkv"))))
    for section in [sections[2], sections[5]] { bytes[section.payloadOffset] ^= 1 }
    try Data(bytes).write(to: URL(fileURLWithPath: scratch.file("c.fkv")))
    let report = try verified()
    #expect(report.findings.map(\.section.id) == [sections[2].id, sections[5].id])
    #expect(report.comparison == nil)
  }

  @Test func errorsNameTheFile() throws {
    let path = scratch.file("x.fkv")
    try Data("not a cache".utf8).write(to: URL(fileURLWithPath: path))
    for run in [
      { _ = try InspectPipeline(path: path).run() }, { _ = try VerifyPipeline(path: path).run() },
      { _ = try RestorePipeline(input: path, output: path + ".out").run() },
      { _ = try CompressPipeline(input: path, output: path + ".out", method: .lossless).run() },
    ] {
      let error = #expect(throws: (any Error).self) { try run() }
      #expect(error.map { "\($0)" }?.hasPrefix(path + ": ") == true)
    }
    #expect(scratch.names == ["x.fkv"])
  }

  @Test func aReferenceWithoutProbesCannotMeasure() throws {
    try compressed(SyntheticCache.make(tokens: 30, probe: 0), Self.fourier)
    #expect(throws: CacheMismatch.noProbeQueries) { try verified() }
    #expect(try VerifyPipeline(path: scratch.file("c.fkv")).run().comparison == nil)
  }
}
