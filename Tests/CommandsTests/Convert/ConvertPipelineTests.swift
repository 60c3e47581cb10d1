import CacheCodec
import FileIO
import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

@testable import Commands

/// Conversions between formats that say everything and formats that say little.
@Suite struct ConvertPipelineTests {
  private let scratch = ScratchFolder()
  private static let cache = SyntheticCache.make(layers: 3, tokens: 20, headDim: 8, probe: 4, pairing: .interleaved)

  private func path(_ name: String) -> String { scratch.file(name) }

  /// A capture, and what converting it gives.
  private func convert(
    _ cache: MemoryCache = cache, to format: String, _ change: (inout ConvertPipeline) -> Void = { _ in }
  ) throws -> ConvertPipeline.Report {
    try CaptureWriter.write(cache, to: path("c"))
    var pipeline = ConvertPipeline(input: path("c"), output: path("o"), writing: CacheWriting(format: format))
    change(&pipeline)
    return try pipeline.run()
  }

  /// What a model file would supply of the synthetic cache.
  private static func model(of description: CacheDescription) -> ModelFacts {
    ModelFacts(
      identity: description.model,
      layers: description.geometry.layers.map {
        var layer = $0
        (layer.tokens, layer.firstPosition) = (0, 0)
        return layer
      }, ropes: description.ropes, attentionScale: description.attentionScale, attentionSoftcap: nil)
  }

  private func tensors(_ source: some CacheSource) throws -> [[CacheTensor]] {
    try CacheKind.allCases.map { kind in
      try source.description.geometry.layers.indices.map { try source.tensor(kind, layer: $0) }
    }
  }

  @Test func aCaptureConvertsToItself() throws {
    let report = try convert(to: "safetensors")
    #expect(report.from == "capture" && report.to == "capture" && report.losses.isEmpty)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path("o"))) == Data(contentsOf: URL(fileURLWithPath: path("c"))))
    #expect(report.outputBytes == (try FileReader(path: path("o")).byteCount))
  }

  @Test(arguments: ["fkv", "llama-state"]) func thereAndBackIsBitExact(_ format: String) throws {
    for (type, window) in [(ElementType.float16, nil), (.bfloat16, 10), (.float32, nil)] as [(ElementType, Int?)] {
      let cache = SyntheticCache.make(
        layers: 4, tokens: 20, headDim: 8, probe: 4, elementType: type, pairing: .interleaved, slidingWindow: window)
      var progress: [Int] = []
      let report = try { () throws -> ConvertPipeline.Report in
        try CaptureWriter.write(cache, to: path("c"))
        return try ConvertPipeline(input: path("c"), output: path("o"), writing: CacheWriting(format: format))
          .run { done, all in progress.append(done * 100 + all) }
      }()
      #expect(progress.sorted() == [104, 204, 304, 404] && progress.count == 4)
      #expect(report.losses.map(\.what) == ["probe queries are left out"] && report.to == format)

      var back = ConvertPipeline(input: path("o"), output: path("b"), writing: CacheWriting(format: "capture"))
      if format != "fkv" { back.reading.supplied.model = Self.model(of: cache.description) }
      #expect(try back.run().from == format)
      let result = try CaptureFile(path: path("b"))
      #expect(try tensors(result) == [cache.keys, cache.values])
      var expected = cache.description
      expected.probeQueries = 0
      expected.provenance = result.description.provenance
      #expect(result.description == expected)
    }
  }

  @Test func whatStateFilesDoNotSayIsAskedFor() throws {
    _ = try convert(to: "llama-state")
    var back = ConvertPipeline(input: path("o"), output: path("b"), writing: CacheWriting(format: "capture"))
    #expect(throws: MissingFacts(path: path("o"), facts: [.headDim])) { try back.run() }
    back.reading.supplied.headDim = 8
    #expect(throws: MissingFacts(path: path("o"), facts: [.queryHeads, .rope, .attentionScale])) { try back.run() }
    back.reading.supplied.queryHeads = 4
    back.reading.supplied.attentionScale = 0.5
    back.reading.supplied.ropePairs = .interleaved
    back.reading.supplied.ropeTheta = 10_000
    let description = try back.run().description
    #expect(description.ropes == Self.cache.description.ropes && description.tokens == Self.cache.description.tokens)
    #expect(description.provenance["supplied.query_heads"] == "4")
    #expect(try CaptureFile(path: path("b")).description == description)
    #expect(scratch.names == ["b", "c", "o"])
    // The architecture stands in session files only.
    back.writing = CacheWriting(format: "llama-session")
    #expect(throws: MissingFacts(path: path("o"), facts: [.architecture])) { try back.run() }
    back.reading.supplied.architecture = "llama"
    #expect(try back.run().to == "llama-session")
  }

  @Test func keysAreLaidOutForTheTarget() throws {
    // A capture of another program's: half-split in an architecture that llama.cpp permutes.
    let half = try tensors(KeyLayoutCache(Self.cache, pairing: .halfSplit))
    let other = MemoryCache(
      description: KeyLayoutCache(Self.cache, pairing: .halfSplit).description, keys: half[0], values: half[1],
      queries: try (0..<3).map { try KeyLayoutCache(Self.cache, pairing: .halfSplit).probeQueries(layer: $0)! })
    func keys() throws -> [CacheTensor] {
      var back = ConvertPipeline(input: path("o"), output: path("b"), writing: CacheWriting(format: "capture"))
      back.reading.supplied.model = Self.model(of: Self.cache.description)
      _ = try back.run()
      return try tensors(CaptureFile(path: path("b")))[0]
    }
    _ = try convert(other, to: "llama-state")
    #expect(try keys() == Self.cache.keys)
    _ = try convert(other, to: "llama-state") { $0.writing.keyPairs = .halfSplit }
    #expect(try keys() == half[0])
    // Captures keep what they have unless told otherwise, and say so.
    #expect(try convert(other, to: "capture").description.ropes[0].pairing == .halfSplit)
    _ = try convert(other, to: "capture") { $0.writing.keyPairs = .interleaved }
    let turned = try CaptureFile(path: path("o"))
    #expect(turned.description.ropes[0].pairing == .interleaved)
    #expect(try tensors(turned)[0] == Self.cache.keys)
    #expect(try turned.probeQueries(layer: 2) == Self.cache.queries[2])
  }

  @Test func whereTheLayoutIsUnknownItIsAskedFor() throws {
    var cache = Self.cache
    cache.description.model.architecture = "new"
    #expect(throws: CacheWriting.Failure.keyLayout(path: path("o"), architecture: "new")) {
      try convert(cache, to: "llama-state")
    }
    cache.description.model.architecture = "llama"
    cache.description.ropes = [.none]
    #expect(throws: MissingFacts(path: path("o"), facts: [.keyPairs])) { try convert(cache, to: "llama-state") }
  }

  @Test func versionsAndTypesThatAreNotWritten() throws {
    for version: UInt32 in [2, 5] {
      #expect(throws: LlamaStateError.unwritableVersion(path: path("o"), wanted: version, written: 3...4)) {
        try convert(to: "llama-state") { $0.writing.options.stateVersion = version }
      }
    }
    for version: UInt32 in [3, 4] {
      _ = try convert(to: "llama-state") { $0.writing.options.stateVersion = version }
      #expect(try LlamaStateFile(path: path("o")).format.version == version)
    }
    #expect(scratch.names == ["c", "o"])
  }

  @Test func roundingIsCounted() throws {
    var cache = SyntheticCache.make(
      layers: 1, kvHeads: 1, groupSize: 1, tokens: 1, headDim: 8, probe: 0, elementType: .float32)
    func set(_ values: [Float]) {
      cache.keys[0] = CacheTensor(kvHeads: 1, tokens: 1, headDim: 8, elementType: .float32, rounding: values)
    }
    // Two that F16 does not hold, two beyond it, one of them infinite already; zeros stay.
    set([1, 0.5, 1.0001, -3.3333, 70_000, .infinity, .nan, 0])
    cache.values[0] = CacheTensor(
      kvHeads: 1, tokens: 1, headDim: 8, elementType: .float32, rounding: [Float](repeating: 2, count: 8))
    let report = try convert(cache, to: "capture") { $0.reading.elementType = .float16 }
    #expect(
      report.losses.map(\.what) == [
        "keys change from F32 to F16", "keys are beyond F16 and become its largest number",
      ])
    #expect(report.losses.map(\.count) == [3, 1] && report.losses.map(\.total) == [8, 8])
    let keys = try CaptureFile(path: path("o")).tensor(.key, layer: 0).decodedElements
    #expect(keys[0...1] == [1, 0.5] && keys[4] == 65504 && keys[5] == .infinity && keys[6].isNaN)
    // Widening loses nothing.
    let half = SyntheticCache.make(layers: 1, tokens: 3, probe: 0)
    #expect(try convert(half, to: "capture") { $0.reading.elementType = .float32 }.losses.isEmpty)
  }

  @Test func filesOfNoFormat() throws {
    try Data("nothing".utf8).write(to: URL(fileURLWithPath: path("c")))
    let pipeline = ConvertPipeline(input: path("c"), output: path("o"), writing: CacheWriting(format: "capture"))
    #expect(throws: UnknownFormat(path: path("c"), kind: "text")) { try pipeline.run() }
    var named = pipeline
    named.reading.format = "llama-state"
    #expect(throws: LlamaStateError.notStateFile(path: path("c"))) { try named.run() }
    #expect(throws: FileError.self) {
      try ConvertPipeline(input: path("none"), output: path("o"), writing: CacheWriting(format: "capture")).run()
    }
    #expect(scratch.names == ["c"])
  }
}
