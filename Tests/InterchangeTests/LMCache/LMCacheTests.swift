import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Against chunks that LMCache 0.5.6's own connector wrote: ten tokens, 1 to 10, in chunks of four.
@Suite struct LMCacheTests {
  private let folder = ScratchFolder()

  private func supplied(_ tokens: [Int32]? = Array(1...10), kvHeads: Int? = 2, headDim: Int? = nil) -> SuppliedFacts {
    var supplied = SuppliedFacts()
    supplied.tokens = tokens
    supplied.kvHeads = kvHeads
    supplied.headDim = headDim
    return supplied
  }

  @Test(arguments: [("half", ElementType.float16), ("bfloat", .bfloat16)])
  func folders(name: String, type: ElementType) throws {
    let path = ForeignSamples.path("lmcache/\(name)")
    #expect(LMCacheFormat().recognises(try FormatItem(path: path)))
    for known in [supplied(), supplied(kvHeads: nil, headDim: 8), supplied(headDim: 8)] {
      let cache = try LMCacheCache(path: path, supplied: known)
      #expect(cache.facts.layers == Array(repeating: .init(kvHeads: 2, headDim: 8, tokens: 10), count: 2))
      #expect(cache.facts.keyType == type && cache.facts.model.name == "org/tiny" && cache.facts.losses.isEmpty)
      #expect(cache.facts.keyConvention == .transformers && cache.facts.ropes == nil)
      try ForeignSamples.check(cache)
    }
  }

  /// A shorter prompt has the first chunks in common; a longer one has all of them.
  @Test func otherPrompts() throws {
    let path = ForeignSamples.path("lmcache/half")
    for (count, held) in [(4, 4), (7, 4), (8, 8), (9, 8), (14, 10)] {
      let cache = try LMCacheCache(path: path, supplied: supplied(Array(1...Int32(count))))
      #expect(cache.facts.layers[0].tokens == held, "\(count)")
      #expect(
        cache.facts.losses
          == (held < count
            ? [ConversionLoss(.dropped, "the last \(count - held) of the tokens given have no chunk")] : []))
      try ForeignSamples.check(cache)
    }
    #expect(
      throws: ForeignError.invalid(
        path: path, what: "names of chunks",
        expected: "LMCache's builtin hashes of these tokens, or 0.data, 1.data, …", found: "3 others")
    ) { try LMCacheCache(path: path, supplied: supplied([2, 3, 4, 5])) }
  }

  @Test func oneChunkAndNumberedOnes() throws {
    let path = ForeignSamples.path("lmcache/half")
    #expect(throws: MissingFacts(path: path, facts: [.tokens])) {
      try LMCacheCache(path: path, supplied: supplied(nil))
    }
    #expect(throws: MissingFacts(path: path, facts: [.kvHeads, .headDim])) {
      try LMCacheCache(path: path, supplied: supplied(kvHeads: nil))
    }
    #expect(throws: FactConflict(path: path, what: "KV heads times head dimension", file: "16", supplied: "3 × ?")) {
      try LMCacheCache(path: path, supplied: supplied(kvHeads: 3))
    }
    // The first, second and last chunk by LMCache's names.
    let names = ["44ea817d9387da2c", "-5754ed40775a7be6", "-41a140c01bf2a4ea"].map {
      "org-SEP-tiny@1@0@\($0)@half.data"
    }
    for (index, name) in names.enumerated() {
      let bytes = try ForeignSamples.bytes("lmcache/half/\(name)")
      try FileManager.default.createDirectory(atPath: folder.file("numbered"), withIntermediateDirectories: true)
      _ = folder.write(bytes, as: "numbered/\(index).data")
    }
    try ForeignSamples.check(LMCacheCache(path: folder.file("numbered"), supplied: supplied(nil)))
    let first = try LMCacheCache(path: "\(path)/\(names[0])", supplied: supplied(nil))
    #expect(first.facts.layers[0].tokens == 4 && first.facts.model.name == "org/tiny")
    try ForeignSamples.check(first)
    #expect(LMCacheFormat().recognises(try FormatItem(path: "\(path)/\(names[0])")))
  }

  @Test(arguments: ElementType.allCases, [3, 4, 256])
  func roundTrip(type: ElementType, chunkTokens: Int) throws {
    let cache = SyntheticCache.make(layers: 3, tokens: 10, elementType: type)
    try LMCacheWriter.write(cache, to: folder.file("c"), chunkTokens: chunkTokens, model: "a/b")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.file("c")).count == (10 + chunkTokens - 1)
        / chunkTokens + 1
    )
    let found = try LMCacheCache(path: folder.file("c"), supplied: SuppliedFacts())
    let described = try DescribedCache(found, supplied: SuppliedFacts(), needs: Set(CacheFact.allCases))
    var expected = cache.description
    expected.probeQueries = 0
    expected.provenance["source.format"] = "LMCache chunks, KV_2LTD"
    #expect(described.description == expected)
    for layer in 0..<3 {
      #expect(try described.tensor(.key, layer: layer) == cache.keys[layer])
      #expect(try described.tensor(.value, layer: layer) == cache.values[layer])
    }
    #expect(folder.names == ["c"])
  }

  /// fkv's chunks have the bytes and names of LMCache's.
  @Test(arguments: [("half", ElementType.float16), ("bfloat", .bfloat16)])
  func sameFilesAsLMCache(name: String, type: ElementType) throws {
    let path = ForeignSamples.path("lmcache/\(name)")
    let known = supplied()
    let source = try DescribedCache(LMCacheCache(path: path, supplied: known), supplied: known, needs: [])
    try LMCacheWriter.write(source, to: folder.file("c"), chunkTokens: 4)
    let files = try FileManager.default.contentsOfDirectory(atPath: path)
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: folder.file("c")))
        == Set(files + [LMCacheFolder.sidecar]))
    for file in files { #expect(try folder.read("c/\(file)") == ForeignSamples.bytes("lmcache/\(name)/\(file)")) }
  }

  @Test func whatTheFormatCannotHold() throws {
    func refuses(_ cache: MemoryCache, _ what: String, _ found: String, _ location: SourceLocation = #_sourceLocation) {
      #expect(
        throws: ForeignError.cannotWrite(format: "LMCache's KV_2LTD", what: what, found: found),
        sourceLocation: location
      ) { try LMCacheWriter.write(cache, to: folder.file("c")) }
    }
    let cache = SyntheticCache.make(tokens: 5, probe: 0)
    refuses(SyntheticCache.make(tokens: 5, probe: 0, slidingWindow: 3), "a layer", "unlike the others")
    refuses(
      SyntheticCache.make(tokens: 5, probe: 0, valueType: .float32), "the type of values", "F32 with keys of F16")
    refuses(
      SyntheticCache.make(tokens: 5, probe: 0, withTokens: false), "the tokens, which name the chunks", "unknown")
    for (name, found) in [("", "unknown"), ("a@b", "\"a@b\""), (String(repeating: "m", count: 250), "too long")] {
      var named = cache
      named.description.model.name = name
      refuses(named, "the model's name", found)
    }
    var partial = cache
    for layer in 0..<2 { partial.description.geometry.layers[layer].firstPosition = 1 }
    refuses(partial, "the first position", "1")
    #expect(folder.names.isEmpty)
  }
}
