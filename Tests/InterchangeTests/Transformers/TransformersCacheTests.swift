import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

@Suite struct TransformersCacheTests {
  private let folder = ScratchFolder()

  @Test(arguments: ["attributes", "legacy", "onnx", "letters", "tuple"])
  func namesThatPeopleGive(name: String) throws {
    let path = ForeignSamples.path("transformers/\(name).safetensors")
    let cache = try TransformersCacheFile(path: path)
    #expect(cache.facts.layers == Array(repeating: .init(kvHeads: 2, headDim: 8, tokens: 5), count: 2))
    #expect(cache.facts.keyType == .float16 && cache.facts.valueType == .float16)
    #expect(cache.facts.ropes == nil && cache.facts.tokens == nil && cache.facts.losses.isEmpty)
    #expect(cache.facts.keyConvention == .transformers)
    try ForeignSamples.check(cache)
    #expect(TransformersFormat().recognises(try FormatItem(path: path)))
  }

  @Test func withTokensAndWithoutBatch() throws {
    let cache = try TransformersCacheFile(path: ForeignSamples.path("transformers/extra.safetensors"))
    #expect(cache.facts.tokens == [1, 2, 3, 5, 8] && cache.facts.keyType == .bfloat16)
    #expect(cache.facts.losses == [ConversionLoss(.dropped, "tensor \"attention_mask\" is not taken over")])
    try ForeignSamples.check(cache)
  }

  @Test(arguments: ElementType.allCases, [nil, 4])
  func roundTrip(type: ElementType, window: Int?) throws {
    let cache = SyntheticCache.make(
      layers: 3, tokens: 11, elementType: type, valueType: .float16, slidingWindow: window)
    try TransformersCacheWriter.write(cache, to: folder.file("c"))
    let found = try TransformersCacheFile(path: folder.file("c"))
    let described = try DescribedCache(found, supplied: SuppliedFacts(), needs: Set(CacheFact.allCases))
    var expected = cache.description
    expected.probeQueries = 0
    expected.provenance["source.format"] = "Transformers cache in safetensors"
    #expect(described.description == expected)
    for layer in 0..<3 {
      #expect(try described.tensor(.key, layer: layer) == cache.keys[layer])
      #expect(try described.tensor(.value, layer: layer) == cache.values[layer])
    }
    #expect(TransformersFormat().recognises(try FormatItem(path: folder.file("c"))))
  }

  /// A part of a cache, whose first position only the metadata of fkv say.
  @Test func partOfACache() throws {
    var cache = SyntheticCache.make(layers: 1, tokens: 11, probe: 0)
    cache.keys[0] = cache.keys[0].rows(3..<11)
    cache.values[0] = cache.values[0].rows(3..<11)
    cache.description.geometry.layers[0].tokens = 8
    cache.description.geometry.layers[0].firstPosition = 3
    try TransformersCacheWriter.write(cache, to: folder.file("c"))
    let facts = try TransformersCacheFile(path: folder.file("c")).facts
    #expect(facts.layers[0].firstPosition == 3 && facts.tokens == cache.description.tokens)
  }

  @Test func recognisesNoOthers() throws {
    let format = TransformersFormat()
    try CaptureWriter.write(SyntheticCache.make(), to: folder.file("capture"))
    try MLXCacheWriter.write(SyntheticCache.make(), to: folder.file("mlx"))
    let weights = #"{"model.layers.0.self_attn.k_proj.weight":{"dtype":"U8","shape":[2,1],"data_offsets":[0,2]}}"#
    let paths =
      [folder.file("capture"), folder.file("mlx"), folder.write(safetensorsBytes(weights, data: [1, 2]), as: "w")]
      + ["official.safetensors", "README.md", "torch/tuples.pt"].map(ForeignSamples.path)
    for path in paths { #expect(!format.recognises(try FormatItem(path: path)), "\(path)") }
  }

  // MARK: Files that lie

  private func cache(_ tensors: [(String, String, [Int])], metadata: String = "{}") -> String {
    var end = 0
    let members = tensors.map { name, type, shape in
      let begin = end
      end += shape.reduce(SafetensorsDataType(rawValue: type)!.byteCount, *)
      return #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
    }
    let header = "{\"__metadata__\":\(metadata),\(members.joined(separator: ","))}"
    return folder.write(safetensorsBytes(header, data: [UInt8](repeating: 255, count: end)))
  }

  private func refuses(
    _ tensors: [(String, String, [Int])], _ error: ForeignError, _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: error, sourceLocation: location) { try TransformersCacheFile(path: cache(tensors)) }
  }

  @Test func whatIsRefused() throws {
    let path = folder.file("mutated")
    let (key, value) = (("k.0", "F16", [1, 2, 3, 4]), ("v.0", "F16", [1, 2, 3, 4]))
    #expect(throws: Never.self) { try readAll(TransformersCacheFile(path: cache([key, value]))) }
    refuses(
      [("a", "F16", [1])],
      .notThisFormat(
        path: path, format: "a Transformers cache in safetensors", reason: "no tensor is named as a layer's keys"))
    refuses([key], .missing(path: path, what: "tensor for the values of layer 0"))
    refuses([value], .missing(path: path, what: "tensor for the keys of layer 0"))
    refuses(
      [key, value, ("k.2", "F16", [1, 2, 3, 4])], .missing(path: path, what: "tensor for the keys of layer 1"))
    refuses(
      [key, value, ("layers.0.keys", "F16", [1])],
      .invalid(
        path: path, what: "tensor \"layers.0.keys\"", expected: "one tensor for the keys of layer 0",
        found: "\"k.0\" too"))
    let expected = "[1, heads, tokens, dims] or [heads, tokens, dims]"
    for shape in [[2, 2, 3, 4], [3, 4], [1, 1, 2, 3, 4], [0, 3, 4], [2, 3, 0], [65537, 0, 4], []] {
      refuses(
        [("k.0", "F16", shape), value], .shape(path: path, tensor: "k.0", expected: expected, found: shape))
    }
    refuses(
      [key, ("v.0", "F16", [1, 2, 4, 3])],
      .shape(path: path, tensor: "v.0", expected: "that of the keys", found: [1, 2, 4, 3]))
    refuses(
      [("k.0", "F64", [1, 2, 3, 4]), value],
      .unsupported(path: path, what: "the type of \"k.0\"", found: "F64"))
    // All bits set: −1 as an id of 64 bits.
    let minus = try TransformersCacheFile(path: cache([key, value, ("tokens", "I64", [3])]))
    #expect(minus.facts.tokens == [-1, -1, -1])
    #expect(throws: CaptureError.self) {
      try TransformersCacheFile(path: cache([key, value], metadata: #"{"fkv":"{}"}"#))
    }
  }

  /// Layers of several types become Float32, exactly.
  @Test func mixedTypes() throws {
    let found = try TransformersCacheFile(
      path: cache([
        ("k.0", "F16", [1, 2, 3, 4]), ("v.0", "BF16", [1, 2, 3, 4]), ("k.1", "F32", [1, 2, 3, 4]),
        ("v.1", "BF16", [1, 2, 3, 4]),
      ]))
    #expect(found.facts.keyType == .float32 && found.facts.valueType == .bfloat16)
    for layer in 0..<2 {
      #expect(try found.tensor(.key, layer: layer).bytes.count == 96)
      #expect(try found.tensor(.value, layer: layer).bytes.count == 48)
    }
  }

  /// The cache is read without ids that cannot be its own.
  @Test(arguments: [
    ("I32", [2], "2 ids for 3 cached tokens"), ("I64", [2, 3], "2 rows"), ("F32", [3], "numbers of type F32"),
    ("U8", [1, 3], "numbers of type U8"), ("I64", [1, 1, 3], "shape [1, 1, 3]"),
  ])
  func idsThatAreLeftOut(type: String, shape: [Int], why: String) throws {
    let layer = [("k.0", "F16", [1, 2, 3, 4]), ("v.0", "F16", [1, 2, 3, 4])]
    let found = try TransformersCacheFile(path: cache(layer + [("input_ids", type, shape)]))
    #expect(found.facts.tokens == nil)
    #expect(
      found.facts.losses == [ConversionLoss(.dropped, "the token ids in \"input_ids\" are left out: \(why)")])
  }

  @Test(arguments: ["onnx", "extra"])
  func damagedFiles(name: String) throws {
    let mutations = ForeignMutations(read: { try readAll(TransformersCacheFile(path: $0)) })
    let bytes = try ForeignSamples.bytes("transformers/\(name).safetensors")
    #expect(mutations.opens(bytes, "whole"))
    mutations.truncated(bytes, at: 0..<bytes.count)
    let header = 0..<8 + Int(bytes[0]) + Int(bytes[1]) << 8
    let outcome = mutations.mutated(bytes, count: 250, in: header, seed: 7)
    #expect(outcome.refused > outcome.taken)
  }
}
