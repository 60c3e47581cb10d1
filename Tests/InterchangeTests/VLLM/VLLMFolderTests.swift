import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

@Suite struct VLLMFolderTests {
  private let folder = ScratchFolder()

  /// Layouts of older versions and other attention backends; blocks of the prompt lay scattered in the paged buffer.
  @Test(arguments: [("fused", ElementType.float16), ("heads", .bfloat16), ("pairs", .float16)])
  func layouts(name: String, type: ElementType) throws {
    let root = ForeignSamples.path("vllm/\(name)")
    let inner = try #require(try FileManager.default.contentsOfDirectory(atPath: root).first)
    for path in [root, "\(root)/\(inner)"] {
      #expect(VLLMFormat().recognises(try FormatItem(path: path)))
      let cache = try VLLMFolder(path: path, supplied: .heads(2))
      #expect(cache.facts.layers == Array(repeating: .init(kvHeads: 2, headDim: 8, tokens: 8), count: 2))
      #expect(cache.facts.keyType == type && cache.facts.valueType == type && cache.facts.tokens == nil)
      try ForeignSamples.check(cache)
    }
    guard name != "fused" else { return }
    #expect(throws: Never.self) { try VLLMFolder(path: root, supplied: SuppliedFacts()) }
  }

  @Test func headsMustBeKnown() throws {
    let root = ForeignSamples.path("vllm/fused")
    #expect(throws: MissingFacts.self) { try VLLMFolder(path: root, supplied: SuppliedFacts()) }
    #expect(throws: FactConflict.self) { try VLLMFolder(path: root, supplied: .heads(3)) }
  }

  /// Keys and values packed as the backend likes, and latent attention: nothing says how to take them apart.
  @Test func packedKeysAndValues() throws {
    let root = ForeignSamples.path("vllm/packed")
    let expected = "[2, tokens, heads · dims], [2, tokens, heads, dims] or [tokens, 2, heads, dims]"
    let error = #expect(throws: ForeignError.self) { try VLLMFolder(path: root, supplied: .heads(2)) }
    guard case .shape(_, "kv_cache", expected, [8, 2, 16]) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  private func write(_ names: [String], type: String = "F16", shape: [Int] = [2, 3, 2, 4], tensor: String = "kv_cache")
    throws
  {
    try FileManager.default.createDirectory(atPath: folder.file("f"), withIntermediateDirectories: true)
    let count = shape.reduce(SafetensorsDataType(rawValue: type)!.byteCount, *)
    let header = #"{"\#(tensor)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[0,\#(count)]}}"#
    for name in names {
      _ = folder.write(safetensorsBytes(header, data: [UInt8](repeating: 0, count: count)), as: "f/\(name).safetensors")
    }
  }

  private func refuses(_ error: ForeignError, _ location: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: location) {
      try VLLMFolder(path: folder.file("f"), supplied: SuppliedFacts())
    }
    try? FileManager.default.removeItem(atPath: folder.file("f"))
  }

  @Test func foldersThatLie() throws {
    let path = folder.file("f")
    try write(["l.0", "l.1"])
    #expect(try VLLMFolder(path: path, supplied: SuppliedFacts()).facts.layers.count == 2)
    try write(["l.3"])
    refuses(.missing(path: path, what: "file of layer 2"))
    try write(["l.0", "m.0"])
    refuses(
      .invalid(path: path, what: "layer 0", expected: "one file", found: "l.0.safetensors and m.0.safetensors"))
    try write(["l.0", "draft.1.layer.0"])
    refuses(.unsupported(path: path, what: "a layer's file", found: "named \"draft.1.layer.0.safetensors\""))
    try write(["none"])
    refuses(.unsupported(path: path, what: "a layer's file", found: "named \"none.safetensors\""))
    try write(["l.0"], tensor: "other")
    refuses(.missing(path: "\(path)/l.0.safetensors", what: "tensor \"kv_cache\""))
    try write(["l.0"], type: "U8")
    refuses(.unsupported(path: "\(path)/l.0.safetensors", what: "dtype of kv_cache", found: "U8"))
    let expected = "[2, tokens, heads · dims], [2, tokens, heads, dims] or [tokens, 2, heads, dims]"
    for shape in [[6, 8], [3, 2, 4], [2, 2, 2, 4], [3, 3, 2, 4], [2, 0, 2, 4], [2, 3, 1, 1, 4], [2, 3, 0]] {
      try write(["l.0"], shape: shape)
      refuses(.shape(path: "\(path)/l.0.safetensors", tensor: "kv_cache", expected: expected, found: shape))
    }
    try write(["l.0"])
    try write(["l.1"], shape: [2, 4, 2, 4])
    refuses(
      .invalid(
        path: "\(path)/l.1.safetensors", what: "the tensor", expected: "3 tokens of F16", found: "4 of F16"))
    try FileManager.default.createDirectory(atPath: "\(path)/a", withIntermediateDirectories: true)
    refuses(.notThisFormat(path: path, format: "a vLLM storage", reason: "it has no layer's file"))
    for name in ["a", "b"] {
      try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }
    refuses(.invalid(path: path, what: "the storage", expected: "the folder of one prompt", found: "2 folders"))
  }

  @Test func damagedFiles() throws {
    try write(["l.1"])
    let bytes = try folder.read("f/l.1.safetensors")
    let inner = ForeignMutations(
      read: { path in
        try readAll(VLLMFolder(path: String(path.dropLast("/l.0.safetensors".count)), supplied: .heads(2)))
      },
      name: "l.0.safetensors")
    #expect(inner.opens(bytes, "whole"))
    inner.truncated(bytes, at: 0..<bytes.count)
    let outcome = inner.mutated(bytes, count: 500, in: 0..<8 + Int(bytes[0]), seed: 9)
    #expect(outcome.refused > outcome.taken)
  }
}
