import ComputeKernels
import FKVFormat
import Fidelity
import FileIO
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct CacheRoundTripTests {
  private let scratch = ScratchFolder()

  struct Case: CustomTestStringConvertible, Sendable {
    var method: CacheEncoder.Method
    var type: ElementType
    var tokens: Int
    var testDescription: String { "\(method.profile.name) \(type) T \(tokens)" }
  }

  static let methods: [CacheEncoder.Method] = [
    .lossless, .fourier(FourierParameters()), .fourier(SectionCases.parameters(states: 6, period: 40)),
    .fourier(SectionCases.parameters(sinks: 0, window: 0, reconstruction: .published, coefficients: .float32)),
  ]
  static let cases = methods.flatMap { method in
    ElementType.allCases.flatMap { type in
      [0, 1, 2, 3, 5, 8, 33].map { Case(method: method, type: type, tokens: $0) }
    }
  }

  private func encode(
    _ cache: MemoryCache, _ method: CacheEncoder.Method, name: String = "c.fkv", width: Int = 2, tokens: Bool = true
  ) throws -> CacheEncoder.Outcome {
    var encoder = CacheEncoder(method, writer: "test")
    encoder.width = width
    encoder.includesTokens = tokens
    return try encoder.encode(cache, to: scratch.file(name))
  }

  private func bytes(_ name: String) throws -> [UInt8] {
    let file = try FileReader(path: scratch.file(name))
    return try file.read(at: 0, count: file.byteCount)
  }

  @Test(arguments: cases) func cachesComeBack(of test: Case) throws {
    for (heads, group, dims, window) in [(1, 1, 1, nil), (3, 2, 7, nil), (2, 1, 5, 4)] as [(Int, Int, Int, Int?)] {
      let cache = SyntheticCache.make(
        layers: 3, kvHeads: heads, groupSize: group, tokens: test.tokens, headDim: dims, elementType: test.type,
        valueType: test.type == .float32 ? .float16 : nil, slidingWindow: window)
      let outcome = try encode(cache, test.method)
      let file = try FKVCache(path: scratch.file("c.fkv"))
      #expect(file.reader.fileBytes == outcome.fileBytes && file.header.storedError == outcome.storedError)
      #expect(file.header.profile == test.method.profile && file.header.writer == "test")
      var expected = cache.description
      expected.probeQueries = 0
      #expect(file.description == expected)
      #expect(try file.reader.verifyAll() == [])
      for layer in 0..<3 {
        for kind in CacheKind.allCases { try check(file.tensor(kind, layer: layer), cache, kind, layer, test.method) }
        #expect(file.probeQueries(layer: layer) == nil)
      }
    }
  }

  private func check(
    _ found: CacheTensor, _ cache: MemoryCache, _ kind: CacheKind, _ layer: Int, _ method: CacheEncoder.Method
  ) throws {
    let original = cache.tensor(kind, layer: layer)
    guard case .fourier(let parameters) = method else {
      #expect(found == original)
      return
    }
    let shape = cache.description.geometry.layers[layer]
    let plan = FourierLayerPlan(
      parameters, tokens: shape.tokens, features: shape.features,
      fraction: parameters.fraction(kind, layer: layer, of: 3))
    let section = FourierSection(original, plan: plan)
    #expect(found == section.restored(layer: shape, elementType: original.elementType))
    if plan.spectralFeatures == 0 { #expect(found == original) }
  }

  @Test(arguments: 0..<4) func theBytesAreTheSameWhateverTheWidth(method: Int) throws {
    let cache = SyntheticCache.make(layers: 5, tokens: 40, headDim: 9, slidingWindow: 12)
    _ = try encode(cache, Self.methods[method], name: "a.fkv", width: 1)
    _ = try encode(cache, Self.methods[method], name: "b.fkv", width: 8)
    _ = try encode(cache, Self.methods[method], name: "c.fkv", width: 8)
    let first = try bytes("a.fkv")
    #expect(try bytes("b.fkv") == first && bytes("c.fkv") == first)
  }

  @Test func tokensMayBeLeftOut() throws {
    let cache = SyntheticCache.make(tokens: 20)
    _ = try encode(cache, .lossless, tokens: false)
    #expect(try FKVCache(path: scratch.file("c.fkv")).description.tokens == nil)
    _ = try encode(SyntheticCache.make(tokens: 20, withTokens: false), .lossless)
    #expect(try FKVCache(path: scratch.file("c.fkv")).description.tokens == nil)
  }

  @Test func withoutProbeQueriesNoErrorIsStored() throws {
    let cache = SyntheticCache.make(tokens: 20, probe: 0)
    for method in Self.methods {
      #expect(try encode(cache, method).storedError == nil)
      #expect(try FKVCache(path: scratch.file("c.fkv")).header.storedError == nil)
    }
  }

  @Test func losslessCostsNothing() throws {
    let stored = try #require(try encode(SyntheticCache.make(tokens: 20, probe: 3), .lossless).storedError)
    #expect(stored.probeQueries == 3 && stored.errors.layers == [[0, 0, 0, 0], [0, 0, 0, 0]])
  }

  /// A summary's parts, framing added, are the section.
  @Test func summaries() throws {
    _ = try encode(SyntheticCache.make(tokens: 60), Self.methods[2])
    let file = try FKVCache(path: scratch.file("c.fkv"))
    for kind in CacheKind.allCases {
      let summary = try file.summary(kind, group: 1)
      let framing = summary.fileBytes - summary.parts.reduce(0) { $0 + $1.bytes }
      #expect(summary.parts.map { $0.name } == ["sinks and window", "exact features", "coefficients"])
      // Prefix, head and a map of 32 features.
      #expect(framing == 48 + 56 + 4)
      #expect(summary.states == 6 && summary.exactFeatures == 32 - 25)
    }
  }

  @Test func progressCountsLayers() throws {
    var seen: [Int] = []
    _ = try CacheEncoder(.lossless, writer: "").encode(SyntheticCache.make(layers: 4), to: scratch.file("p.fkv")) {
      seen.append($0)
    }
    #expect(seen == [1, 2, 3, 4])
  }

  /// What no reader would take is not written: nothing is left behind, an existing file stays.
  @Test func unreadableDescriptionsAreRefused() throws {
    var cache = SyntheticCache.make(tokens: 20)
    let good = cache.description
    try Data("before".utf8).write(to: URL(fileURLWithPath: scratch.file("c.fkv")))
    cache.description.attentionScale = .nan
    #expect(throws: FormatError.self) { try encode(cache, .lossless) }
    cache.description = good
    cache.description.provenance = Dictionary(uniqueKeysWithValues: (0..<70_000).map { ("\($0)", "") })
    #expect(
      throws: CodecError.unsuitable(
        "2 layers, 1 RoPEs and 70000 lines of provenance, allowed are 65472 together")
    ) { try encode(cache, .lossless) }
    cache.description = good
    cache.description.geometry.layers = []
    #expect(throws: FormatError.self) { try encode(cache, .lossless) }
    cache.description = good
    #expect(throws: CodecError.unsuitable("a period of 4194305 tokens, allowed is at most 4194304")) {
      try encode(cache, .fourier(SectionCases.parameters(period: 4_194_305)))
    }
    #expect(scratch.names == ["c.fkv"])
    #expect(try bytes("c.fkv") == Array("before".utf8))
  }

  /// The longest period that may be asked for can be read back, however short the prompt.
  @Test func aLongPeriodComesBack() throws {
    let cache = SyntheticCache.make(layers: 1, kvHeads: 1, groupSize: 1, tokens: 9, headDim: 2)
    _ = try encode(cache, .fourier(SectionCases.parameters(period: FourierParameters.longestPeriod)))
    let file = try FKVCache(path: scratch.file("c.fkv"))
    #expect(try file.tensor(.value, layer: 0).tokens == 9)
  }

  @Test func aFailingSourceLeavesNothing() throws {
    struct Broken: CacheSource {
      struct Failure: Error, Equatable {}
      var cache: MemoryCache
      var description: CacheDescription { cache.description }
      func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
        if layer == 3 { throw Failure() }
        return cache.tensor(kind, layer: layer)
      }
      func probeQueries(layer: Int) -> ProbeQueries? { cache.probeQueries(layer: layer) }
    }
    #expect(throws: Broken.Failure()) {
      try CacheEncoder(.lossless, writer: "").encode(
        Broken(cache: SyntheticCache.make(layers: 5)), to: scratch.file("c.fkv"))
    }
    #expect(scratch.names == [])
  }
}
