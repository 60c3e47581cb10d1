import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

@Suite struct MLXCacheWriterTests {
  private let folder = ScratchFolder()

  private func write(_ cache: MemoryCache, _ dialect: MLXDialect = .scalarTensors) throws -> MLXCacheFile {
    try MLXCacheWriter.write(cache, to: folder.file("c"), dialect: dialect)
    return try MLXCacheFile(path: folder.file("c"))
  }

  @Test(arguments: MLXDialect.allCases, ElementType.allCases)
  func roundTrip(dialect: MLXDialect, type: ElementType) throws {
    let cache = SyntheticCache.make(layers: 3, tokens: 11, elementType: type, valueType: .float16)
    let found = try write(cache, dialect)
    #expect(found.dialect == dialect)
    let described = try DescribedCache(found, supplied: SuppliedFacts(), needs: Set(CacheFact.allCases))
    var expected = cache.description
    expected.probeQueries = 0
    var description = described.description
    #expect(description.provenance.removeValue(forKey: "source.format") != nil)
    for name in ["mlx.model", "mlx.tokenizer_config"] {
      #expect(description.provenance.removeValue(forKey: name) != nil)
    }
    #expect(description == expected)
    for layer in 0..<3 {
      #expect(try described.tensor(.key, layer: layer) == cache.keys[layer])
      #expect(try described.tensor(.value, layer: layer) == cache.values[layer])
    }
  }

  /// A window with all of its tokens, and one that lacks the token that nobody will look at again.
  @Test(arguments: MLXDialect.allCases)
  func windows(dialect: MLXDialect) throws {
    var cache = SyntheticCache.make(layers: 2, tokens: 11, probe: 0, slidingWindow: 4)
    let full = try write(cache, dialect)
    #expect(full.facts.layers[1].firstPosition == 7 && full.facts.layers[1].tokens == 4)
    #expect(full.facts.layers[1].slidingWindow == 4)
    #expect(try full.tensor(.key, layer: 1) == cache.keys[1])

    let short = cache.keys[1].rows(1..<4)
    cache.keys[1] = short
    cache.values[1] = cache.values[1].rows(1..<4)
    cache.description.geometry.layers[1].tokens = 3
    cache.description.geometry.layers[1].firstPosition = 8
    let padded = try write(cache, dialect)
    #expect(padded.facts.layers[1].firstPosition == 7 && padded.facts.layers[1].tokens == 4)
    let tensor = try padded.tensor(.key, layer: 1)
    #expect(tensor.rows(1..<4) == short && tensor.rows(0..<1).bytes.allSatisfy { $0 == 0 })
  }

  @Test func whatTheFormatCannotHold() throws {
    var cache = SyntheticCache.make(layers: 2, tokens: 11, probe: 0, slidingWindow: 4)
    cache.keys[1] = cache.keys[1].rows(2..<4)
    cache.values[1] = cache.values[1].rows(2..<4)
    cache.description.geometry.layers[1].tokens = 2
    cache.description.geometry.layers[1].firstPosition = 9
    #expect(
      throws: ForeignError.cannotWrite(
        format: "mlx-lm's RotatingKVCache", what: "the number of tokens of layer 1",
        found: "2, fewer than a window of 4 needs,")
    ) { try write(cache) }
    cache.description.geometry.layers[1].slidingWindow = nil
    #expect(
      throws: ForeignError.cannotWrite(
        format: "mlx-lm's KVCache", what: "the first position of layer 1", found: "9")
    ) { try write(cache) }
    #expect(folder.names.isEmpty)
  }

  /// Whoever loads a cache, goes on and saves it again keeps the texts, but has more tokens than they name.
  @Test func textsOfAnEarlierLength() throws {
    let cache = SyntheticCache.make(layers: 1, tokens: 5, probe: 0)
    var longer = SyntheticCache.make(layers: 1, tokens: 9, probe: 0)
    longer.description.tokens = nil
    try MLXCacheWriter.write(longer, to: folder.file("c"))
    let text = EmbeddedFacts.tokensText(cache.description.tokens!)
    var facts = try MLXCacheFile(path: folder.file("c")).facts
    try EmbeddedFacts.addTokens(text, to: &facts)
    #expect(facts.tokens == nil)
    try EmbeddedFacts.add(EmbeddedFacts.descriptionText(cache.description, path: "p"), to: &facts)
    #expect(facts.layers[0].tokens == 9 && facts.layers[0].queryHeads == 4)
    let more = SyntheticCache.make(layers: 2, tokens: 5, probe: 0)
    #expect(
      throws: CaptureError.value(
        path: folder.file("c"), key: "layers", expected: "the 1 of the tensors", found: "2")
    ) { try EmbeddedFacts.add(EmbeddedFacts.descriptionText(more.description, path: "p"), to: &facts) }
    let other = SyntheticCache.make(layers: 1, tokens: 5, headDim: 2, probe: 0)
    #expect(
      throws: ForeignError.invalid(
        path: folder.file("c"), what: "metadata \"fkv\"", expected: "the heads and dimensions of the tensors",
        found: "those of another cache")
    ) { try EmbeddedFacts.add(EmbeddedFacts.descriptionText(other.description, path: "p"), to: &facts) }
    for text in ["", "{}", "[1", "[1]x", "[1.5]", "[2147483648]", "[[1]]", String(repeating: "[", count: 100_000)] {
      #expect(
        throws: ForeignError.invalid(
          path: folder.file("c"), what: "metadata \"tokens\"", expected: "a JSON list of token ids", found: text)
      ) { try EmbeddedFacts.addTokens(text, to: &facts) }
    }
    for text in [
      "", "[]", #"{"a":1}"#, #"{"a":"b","a":"c"}"#, #"{"a":"b"} x"#, String(repeating: #"{"a":"#, count: 9999),
    ] {
      #expect(
        throws: ForeignError.invalid(
          path: folder.file("c"), what: "metadata \"fkv\"", expected: "a JSON object of texts", found: text)
      ) { try EmbeddedFacts.add(text, to: &facts) }
    }
    #expect(throws: CaptureError.version(path: folder.file("c"), found: "no format version none")) {
      try EmbeddedFacts.add("{}", to: &facts)
    }
  }
}
