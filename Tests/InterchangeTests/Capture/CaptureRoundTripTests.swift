import FileIO
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

@Suite struct CaptureRoundTripTests {
  private let folder = ScratchFolder()

  /// What is read must equal what was written: description, bytes and queries.
  private func expectRoundTrip(_ cache: MemoryCache, _ location: SourceLocation = #_sourceLocation) throws {
    try CaptureWriter.write(cache, to: folder.file("c"))
    let read = try collect(CaptureFile(path: folder.file("c")))
    #expect(read.description == cache.description, sourceLocation: location)
    #expect(read.keys == cache.keys && read.values == cache.values, sourceLocation: location)
    #expect(read.queries == cache.queries, sourceLocation: location)
  }

  @Test func smallShapes() throws {
    for layers in 1...3 {
      for (heads, group) in [(1, 1), (1, 3), (3, 2)] {
        for (tokens, probe) in [(0, 0), (0, 4), (1, 0), (1, 1), (2, 1), (5, 5), (7, 9)] {
          for dim in [1, 2, 6] {
            try expectRoundTrip(
              SyntheticCache.make(
                layers: layers, kvHeads: heads, groupSize: group, tokens: tokens, headDim: dim, probe: probe))
          }
        }
      }
    }
  }

  @Test func elementTypes() throws {
    for key in ElementType.allCases {
      for value in ElementType.allCases {
        try expectRoundTrip(SyntheticCache.make(tokens: 9, elementType: key, valueType: value))
      }
    }
  }

  @Test(arguments: RotaryEmbedding.Pairing.allCases)
  func pairings(pairing: RotaryEmbedding.Pairing) throws {
    try expectRoundTrip(SyntheticCache.make(pairing: pairing))
  }

  @Test func slidingWindows() throws {
    let cache = SyntheticCache.make(layers: 5, tokens: 20, slidingWindow: 6)
    try expectRoundTrip(cache)
    let texts = try SafetensorsFile(path: folder.file("c")).metadata
    #expect(texts["cached_tokens"] == "[20,6,20,6,20]")
    #expect(texts["first_position"] == "[0,14,0,14,0]")
    #expect(texts["sliding_window"] == "[null,6,null,6,null]")
    #expect(texts["rope_index"] == "[0,1,0,1,0]")
    #expect(texts["kv_heads"] == "2")
  }

  @Test func withoutTokens() throws {
    try expectRoundTrip(SyntheticCache.make(withTokens: false))
    #expect(try SafetensorsFile(path: folder.file("c")).tensors["tokens"] == nil)
  }

  /// A cache that lost its first tokens: ids of the last positions only.
  @Test func positionsThatDoNotStartAtZero() throws {
    var cache = SyntheticCache.make(layers: 1, tokens: 5, probe: 0)
    cache.description.geometry.layers[0].firstPosition = 100
    try expectRoundTrip(cache)
    let file = try SafetensorsFile(path: folder.file("c"))
    #expect(try file.read("positions").littleEndian(as: Int32.self) == [100, 101, 102, 103, 104])
    cache.description.tokens = Array(repeating: 7, count: 105)
    try expectRoundTrip(cache)
    #expect(try SafetensorsFile(path: folder.file("c")).tensors["positions"] == nil)
  }

  @Test func numbersAreExact() throws {
    var cache = SyntheticCache.make(layers: 1, tokens: 2, headDim: 8)
    cache.description.attentionScale = 0.088388346
    cache.description.attentionSoftcap = Float(50).nextUp
    cache.description.ropes = [
      RotaryEmbedding(
        pairing: .interleaved, dimensions: 8, base: 500_000.1, scaling: "yarn \"quoted\"",
        inverseFrequencies: [1.0 / 3, .leastNonzeroMagnitude, -0.1, .greatestFiniteMagnitude], magnitude: 1.1.nextUp)
    ]
    cache.description.model = ModelIdentity(name: "a\n\"b\" ü🙂", architecture: "", fingerprint: "00ff")
    cache.description.provenance = ["": "empty name", "fkv": "1.0", "llama.cpp/é": "\u{0}\u{7F}"]
    try expectRoundTrip(cache)
  }

  @Test func equalCachesGiveEqualBytes() throws {
    for name in ["a", "b"] { try CaptureWriter.write(SyntheticCache.make(slidingWindow: 8), to: folder.file(name)) }
    #expect(try folder.read("a") == folder.read("b"))
  }

  /// F16 queries are widened exactly: all 65 536 of them against Swift's own type.
  @Test func halfQueries() throws {
    let cache = SyntheticCache.make(layers: 1, kvHeads: 1, groupSize: 1, tokens: 64, headDim: 1024, probe: 64)
    try CaptureWriter.write(cache, to: folder.file("c"))
    var loose = try LooseFile(path: folder.file("c"))
    loose["layers.0.query"] = (
      .init("layers.0.query", .float16, shape: [1, 64, 1024]),
      (0..<65_536).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    )
    try loose.write(to: folder.file("h"))
    let queries = try #require(try CaptureFile(path: folder.file("h")).probeQueries(layer: 0))
    #expect(queries.firstPosition == 0 && queries.count == 64)
    var wrong: [UInt16] = []
    for bits in UInt16.min...UInt16.max {
      let expected = Float(Float16(bitPattern: bits))
      let found = queries.elements[Int(bits)]
      if expected.isNaN ? !found.isNaN : expected.bitPattern != found.bitPattern { wrong.append(bits) }
    }
    #expect(wrong == [])
  }

  @Test func writesAllOrNothing() throws {
    struct Stop: Error {}
    let cache = SyntheticCache.make(layers: 3)
    #expect(throws: Stop.self) {
      try CaptureWriter.write(cache, to: folder.file("c")) { if $0 == 1 { throw Stop() } }
    }
    #expect(folder.names == [])
  }

  @Test func refusesToWriteWhatItWouldNotRead() {
    let path = folder.file("c")
    func expect(_ key: String, found: String, _ change: (inout CacheDescription) -> Void) {
      var cache = SyntheticCache.make()
      change(&cache.description)
      #expect(throws: CaptureError.value(path: path, key: key, expected: "a finite number above 0", found: found)) {
        try CaptureWriter.write(cache, to: path)
      }
    }
    expect("attention_scale", found: "inf") { $0.attentionScale = .infinity }
    expect("attention_scale", found: "0.0") { $0.attentionScale = 0 }
    expect("attention_softcap", found: "nan") { $0.attentionSoftcap = .nan }
    expect("rope.0.base", found: "-1.0") { $0.ropes[0].base = -1 }
    #expect(folder.names == [])
  }
}
