import CacheCodec
import Foundation
import FourierKV
import Interchange
import KVCacheModel
import TestSupport
import Testing

@testable import Commands

/// Appending and restoring parts, as the commands do it.
@Suite struct AppendPipelineTests {
  private let scratch = ScratchFolder()
  private static let full = SyntheticCache.make(layers: 3, tokens: 60, headDim: 8, probe: 6)

  static let methods: [CacheEncoder.Method] = {
    var fourier = FourierParameters()
    (fourier.window, fourier.period, fourier.coefficientType) = (8, 64, .float32)
    var spectral = SpectralParameters()
    (spectral.rate, spectral.window) = (.step(0.2), 8)
    return [.lossless, .fourier(fourier), .spectral(spectral)]
  }()

  private func path(_ name: String) -> String { scratch.file(name) }
  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(name))) }

  private func make(_ method: CacheEncoder.Method, upTo end: Int = 40) throws {
    try CaptureWriter.write(Self.full, to: path("long"))
    try CaptureWriter.write(Self.full.positions(0..<end), to: path("short"))
    _ = try CompressPipeline(input: path("short"), output: path("c.fkv"), method: method).run()
  }

  @Test(arguments: methods) func theLongerFileVerifies(method: CacheEncoder.Method) throws {
    try make(method)
    let before = try bytes("c.fkv")
    let report = try AppendPipeline(file: path("c.fkv"), addition: path("long"), output: path("l.fkv")).run()
    #expect(try bytes("c.fkv") == before)
    #expect(report.addedTokens == 20 && report.description.geometry.tokens == 60 && report.storedError == nil)
    let size = try bytes("l.fkv").count
    #expect(report.profile == method.profile && report.size.fileBytes == size)
    let verified = try VerifyPipeline(path: path("l.fkv"), reference: path("long")).run()
    let comparison = try #require(verified.comparison)
    #expect(verified.findings.isEmpty && comparison.attention.max.isFinite)
    #expect(method.profile != .lossless || comparison.attention.max == 0)
    // In place, the file becomes the same.
    _ = try AppendPipeline(file: path("c.fkv"), addition: path("long")).run()
    #expect(try bytes("c.fkv") == bytes("l.fkv"))
  }

  /// What --measure stores is what verifying finds, and nothing else about the file differs.
  @Test(arguments: methods) func measuring(method: CacheEncoder.Method) throws {
    try make(method)
    var pipeline = AppendPipeline(file: path("c.fkv"), addition: path("long"), output: path("m.fkv"))
    pipeline.measures = true
    let stored = try #require(try pipeline.run().storedError)
    let verified = try VerifyPipeline(path: path("m.fkv"), reference: path("long")).run()
    #expect(verified.header.storedError == stored && stored.probeQueries == 6)
    let comparison = try #require(verified.comparison)
    #expect(stored.errors.layers == comparison.attention.layers.map { $0.map { Double(Float($0)) } })
    #expect(scratch.names == ["c.fkv", "long", "m.fkv", "short"])
  }

  @Test func measuringNeedsAReference() throws {
    try make(.lossless)
    let before = try bytes("c.fkv")
    var unprobed = Self.full
    (unprobed.queries, unprobed.description.probeQueries) = ([], 0)
    try CaptureWriter.write(unprobed, to: path("unprobed"))
    try CaptureWriter.write(Self.full.positions(40..<60), to: path("rest"))
    for (name, expected) in [("unprobed", "no probe queries"), ("rest", "the prompts differ")] {
      var pipeline = AppendPipeline(file: path("c.fkv"), addition: path(name))
      pipeline.measures = true
      let error = #expect(throws: CacheMismatch.self) { try pipeline.run() }
      #expect(error.map { "\($0)" }?.contains(expected) == true)
      #expect(try bytes("c.fkv") == before)
    }
  }

  /// Errors name the file that they are about, and leave it as it was.
  @Test func failuresLeaveTheFileAlone() throws {
    try make(Self.methods[2])
    var other = Self.full
    other.description.tokens![3] = -1
    try CaptureWriter.write(other, to: path("other"))
    let before = try bytes("c.fkv")
    var damaged = before
    damaged[before.count / 3] ^= 1
    try damaged.write(to: URL(fileURLWithPath: path("damaged.fkv")))
    try Data("no cache".utf8).write(to: URL(fileURLWithPath: path("none")))
    let names = scratch.names
    for (file, addition, blamed) in [
      ("c.fkv", "other", "c.fkv"), ("c.fkv", "short", "c.fkv"), ("c.fkv", "none", "none"), ("c.fkv", "gone", "gone"),
      ("damaged.fkv", "long", "damaged.fkv"), ("none", "long", "none"), ("gone", "long", "gone"),
      ("c.fkv", "damaged.fkv", "c.fkv"),
    ] {
      let error = #expect(throws: (any Error).self) {
        try AppendPipeline(file: path(file), addition: path(addition)).run()
      }
      #expect(
        error.map { "\($0)" }?.hasPrefix(path(blamed) + ": ") == true,
        "\(file) \(addition): \(String(describing: error))")
    }
    #expect(try bytes("c.fkv") == before && bytes("damaged.fkv") == damaged && scratch.names == names)
    let error = #expect(throws: (any Error).self) {
      try AppendPipeline(file: path("c.fkv"), addition: path("long"), output: path("no/folder.fkv")).run()
    }
    #expect(error.map { "\($0)" }?.contains("no/folder.fkv") == true)
  }

  @Test(arguments: methods) func somePositions(method: CacheEncoder.Method) throws {
    try make(method, upTo: 60)
    _ = try RestorePipeline(input: path("c.fkv"), output: path("all")).run()
    let all = try CaptureFile(path: path("all"))
    for (first, last) in [(0, 59), (10, 10), (17, 42), (nil, 3), (55, nil)] as [(Int?, Int?)] {
      var pipeline = RestorePipeline(input: path("c.fkv"), output: path("part"))
      (pipeline.firstPosition, pipeline.lastPosition) = (first, last)
      let description = try pipeline.run().description
      let part = try CaptureFile(path: path("part"))
      let rows = (first ?? 0)..<(last ?? 59) + 1
      #expect(part.description == description && description.tokens == Array(Self.full.description.tokens![rows]))
      #expect(description.geometry.layers.allSatisfy { $0.firstPosition == rows.lowerBound && $0.tokens == rows.count })
      for layer in 0..<3 {
        for kind in CacheKind.allCases {
          #expect(try part.tensor(kind, layer: layer) == all.tensor(kind, layer: layer).rows(rows))
        }
      }
    }
  }

  /// A part goes on where a file ends: files can be put together.
  @Test func aRestoredPartCanBeAppended() throws {
    try make(.lossless, upTo: 60)
    var pipeline = RestorePipeline(input: path("c.fkv"), output: path("rest"))
    pipeline.firstPosition = 40
    _ = try pipeline.run()
    _ = try CompressPipeline(input: path("long"), output: path("all.fkv"), method: .lossless).run()
    try make(.lossless)
    _ = try AppendPipeline(file: path("c.fkv"), addition: path("rest")).run()
    let comparison = try #require(try VerifyPipeline(path: path("c.fkv"), reference: path("long")).run().comparison)
    #expect(comparison.attention.max == 0)
  }

  @Test func positionsThatAreNotThere() throws {
    try CaptureWriter.write(Self.full.positions(5..<60), to: path("late"))
    _ = try CompressPipeline(input: path("late"), output: path("c.fkv"), method: .lossless).run()
    for (first, last) in [(4, 10), (5, 60), (60, nil), (nil, 4), (nil, 60)] as [(Int?, Int?)] {
      var pipeline = RestorePipeline(input: path("c.fkv"), output: path("part"))
      (pipeline.firstPosition, pipeline.lastPosition) = (first, last)
      let error = #expect(throws: FileFailure.self) { try pipeline.run() }
      #expect(
        error?.error as? RestorePipeline.OutOfRange
          == RestorePipeline.OutOfRange(first: first ?? 5, last: last ?? 59, held: 5..<60))
    }
    #expect(!scratch.names.contains("part"))
  }

  /// Layers that hold none of the positions are empty, and begin where they end.
  @Test func trimmedLayersMayHaveNone() throws {
    let windowed = SyntheticCache.make(layers: 2, tokens: 30, slidingWindow: 8)
    try CaptureWriter.write(windowed, to: path("w"))
    _ = try CompressPipeline(input: path("w"), output: path("w.fkv"), method: .lossless).run()
    var pipeline = RestorePipeline(input: path("w.fkv"), output: path("part"))
    (pipeline.firstPosition, pipeline.lastPosition) = (3, 9)
    _ = try pipeline.run()
    let part = try CaptureFile(path: path("part"))
    #expect(part.description.geometry.layers.map(\.tokens) == [7, 0])
    #expect(part.description.geometry.layers.map(\.firstPosition) == [3, 10])
    #expect(try part.tensor(.key, layer: 0) == windowed.keys[0].rows(3..<10))
  }
}
