import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Prompt caches that somebody damaged or made up.
@Suite struct MLXHostileTests {
  private let folder = ScratchFolder()

  /// A cache of one layer in the newer dialect: H 2, rows 4, D 8, with `metadata` and `tensors` replaced or
  /// left out.
  private func cache(
    class name: String = "KVCache", _ tensors: [String: (String, [Int], [UInt8])] = [:],
    metadata: [String: String?] = [:]
  ) throws -> String {
    let numbers = ("F16", [1, 2, 4, 8], [UInt8](repeating: 0, count: 128))
    var all: [String: (String, [Int], [UInt8])] = ["0.0": numbers, "0.1": numbers]
    if name != "ConcatenateKVCache" { all["0.2"] = scalar(4) }
    for (name, tensor) in tensors { all[name] = tensor.0.isEmpty ? nil : tensor }
    var texts = ["1.0": name, "2.0": ""]
    for (key, text) in metadata { texts[key] = text }
    var header: [String] = []
    var data: [UInt8] = []
    for (name, (type, shape, bytes)) in all.sorted(by: { $0.key < $1.key }) {
      header.append(
        #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(data.count),\#(data.count + bytes.count)]}"#
      )
      data += bytes
    }
    let lines = texts.map { #""\#($0)":"\#($1)""# }.joined(separator: ",")
    return folder.write(safetensorsBytes("{\"__metadata__\":{\(lines)},\(header.joined(separator: ","))}", data: data))
  }

  /// In the place of a tensor: there shall be none.
  private let absent = ("", [Int](), [UInt8]())

  private func scalar(_ value: Int32) -> (String, [Int], [UInt8]) {
    ("I32", [], withUnsafeBytes(of: value.littleEndian, Array.init))
  }

  private func refuses(_ path: String, _ error: ForeignError, _ location: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: location) { try MLXCacheFile(path: path) }
  }

  @Test func fieldsOutOfRange() throws {
    let whole = try MLXCacheFile(path: cache())
    #expect(whole.facts.layers == [.init(kvHeads: 2, headDim: 8, tokens: 4)])
    let path = folder.file("mutated")
    refuses(
      try cache(metadata: ["1.0": nil]),
      .notThisFormat(path: path, format: "an mlx-lm prompt cache", reason: "its metadata name no cache class"))
    refuses(
      try cache(class: "osCache"), .unsupported(path: path, what: "the class of layer 0", found: "osCache"))
    refuses(try cache(["1.0": scalar(0)]), .missing(path: path, what: "class name for tensor \"1.0\""))
    refuses(try cache(["x": scalar(0)]), .missing(path: path, what: "class name for tensor \"x\""))
    refuses(try cache(["-1.0": scalar(0)]), .missing(path: path, what: "class name for tensor \"-1.0\""))
    refuses(try cache(["0.0": absent]), .missing(path: path, what: "tensor \"0.0\""))
    refuses(try cache(["0.1": absent]), .missing(path: path, what: "tensor \"0.1\""))
    refuses(try cache(["0.2": absent]), .missing(path: path, what: "offset (tensor \"0.2\")"))
    for offset: Int32 in [-1, 5, .max, .min] {
      refuses(
        try cache(["0.2": scalar(offset)]),
        .invalid(path: path, what: "offset (0.2)", expected: "0…4", found: "\(offset)"))
    }
    refuses(
      try cache(["0.2": ("F32", [], [0, 0, 0, 0])]),
      .invalid(path: path, what: "offset (0.2)", expected: "one I32 or I64", found: "F32 []"))
    refuses(
      try cache(["0.2": ("I32", [1], [0, 0, 0, 0])]),
      .invalid(path: path, what: "offset (0.2)", expected: "one I32 or I64", found: "I32 [1]"))
  }

  @Test func shapesAndTypes() throws {
    let path = folder.file("mutated")
    for shape in [[2, 4, 8], [2, 1, 4, 8], [1, 2, 4, 8, 1], [1, 0, 4, 8], [1, 2, 4, 0], [1, 65537, 0, 8], []] {
      let bytes = [UInt8](repeating: 0, count: shape.reduce(2, *))
      refuses(
        try cache(["0.0": ("F16", shape, bytes)]),
        .shape(path: path, tensor: "0.0", expected: "[1, heads, tokens, dims]", found: shape))
    }
    refuses(
      try cache(["0.1": ("F16", [1, 2, 2, 8], [UInt8](repeating: 0, count: 64))]),
      .shape(path: path, tensor: "0.1", expected: "that of the keys", found: [1, 2, 2, 8]))
    refuses(
      try cache(["0.0": ("I16", [1, 2, 4, 8], [UInt8](repeating: 0, count: 128))]),
      .unsupported(path: path, what: "dtype of 0.0", found: "I16"))
    let wide = ("F32", [1, 2, 4, 8], [UInt8](repeating: 0, count: 256))
    let narrow = ("F16", [1, 2, 4, 8], [UInt8](repeating: 0, count: 128))
    // Layers of several types become Float32.
    let mixed = try MLXCacheFile(
      path: cache(["1.0": wide, "1.1": narrow, "1.2": scalar(4)], metadata: ["1.1": "KVCache"]))
    #expect(mixed.facts.keyType == .float32 && mixed.facts.valueType == .float16)
    #expect(try mixed.tensor(.key, layer: 0).bytes == [UInt8](repeating: 0, count: 256))
  }

  @Test func rings() throws {
    let path = folder.file("mutated")
    func ring(_ offset: Int32, _ keep: Int32, _ size: Int32, _ next: Int32) throws -> String {
      try cache(
        class: "RotatingKVCache",
        ["0.2": scalar(offset), "0.3": scalar(keep), "0.4": scalar(size), "0.5": scalar(next)])
    }
    #expect(try MLXCacheFile(path: ring(9, 0, 4, 0)).facts.layers[0].firstPosition == 5)
    #expect(try MLXCacheFile(path: ring(.max, 0, 4, 1)).facts.layers[0].firstPosition == Int(Int32.max) - 4)
    refuses(try ring(3, 0, 4, 2), .invalid(path: path, what: "_idx of layer 0", expected: "the offset, 3", found: "2"))
    refuses(try ring(9, 0, 4, 5), .invalid(path: path, what: "_idx (0.5)", expected: "0…4", found: "5"))
    refuses(try ring(9, 0, 4, -1), .invalid(path: path, what: "_idx (0.5)", expected: "0…4", found: "-1"))
    refuses(
      try ring(-9, 0, 4, 0), .invalid(path: path, what: "offset (0.2)", expected: "0…2147483647", found: "-9"))
    refuses(try ring(9, -1, 4, 0), .invalid(path: path, what: "keep (0.3)", expected: "0…2147483647", found: "-1"))
    refuses(try ring(9, 0, 0, 0), .invalid(path: path, what: "max_size (0.4)", expected: "1…2147483647", found: "0"))
    refuses(try ring(9, 4, 4, 4), .unsupported(path: path, what: "layer 0", found: "without the positions 4…8"))
  }

  @Test func quantizedParts() throws {
    let path = folder.file("mutated")
    func quantized(
      group: Int32 = 32, bits: Int32 = 4, _ changes: [String: (String, [Int], [UInt8])] = [:]
    ) throws -> String {
      let words = ("U32", [1, 1, 2, 4], [UInt8](repeating: 0, count: 32))
      let scales = ("F16", [1, 1, 2, 1], [UInt8](repeating: 0, count: 4))
      var tensors: [String: (String, [Int], [UInt8])] = [
        "0.0": absent, "0.1": absent, "0.2": scalar(2), "0.3": scalar(group), "0.4": scalar(bits),
        "0.0.0": words, "0.0.1": scales, "0.0.2": scales, "0.1.0": words, "0.1.1": scales, "0.1.2": scales,
      ]
      for (name, change) in changes { tensors[name] = change }
      return try cache(class: "QuantizedKVCache", tensors)
    }
    #expect(try MLXCacheFile(path: quantized()).facts.layers == [.init(kvHeads: 1, headDim: 32, tokens: 2)])
    refuses(try quantized(bits: 0), .invalid(path: path, what: "bits (0.4)", expected: "1…8", found: "0"))
    refuses(try quantized(bits: 9), .invalid(path: path, what: "bits (0.4)", expected: "1…8", found: "9"))
    refuses(
      try quantized(group: 0), .invalid(path: path, what: "group_size (0.3)", expected: "1…65536", found: "0"))
    let expected = "[1, 1, 2, groups of 64] for 4 bits"
    refuses(try quantized(group: 64), .shape(path: path, tensor: "0.0.1", expected: expected, found: [1, 1, 2, 1]))
    refuses(
      try quantized(bits: 7),
      .shape(path: path, tensor: "0.0.1", expected: "[1, 1, 2, groups of 32] for 7 bits", found: [1, 1, 2, 1]))
    refuses(
      try quantized(["0.1.0": ("I32", [1, 1, 2, 4], [UInt8](repeating: 0, count: 32))]),
      .unsupported(path: path, what: "dtype of 0.1.0", found: "I32"))
    refuses(try quantized(["0.1.2": absent]), .missing(path: path, what: "tensor \"0.1.2\""))
    refuses(
      try quantized(["0.0.2": ("F16", [1, 1, 1, 2], [0, 0, 0, 0])]),
      .shape(
        path: path, tensor: "0.0.2", expected: "[1, 1, 2, groups of 32] for 4 bits", found: [1, 1, 1, 2]))
    refuses(
      try quantized([
        "0.1.0": ("U32", [1, 1, 1, 4], [UInt8](repeating: 0, count: 16)), "0.1.1": ("F16", [1, 1, 1, 1], [0, 0]),
        "0.1.2": ("F16", [1, 1, 1, 1], [0, 0]),
      ]), .shape(path: path, tensor: "0.1.0", expected: "that of the keys", found: [1, 1, 1, 32]))
  }

  @Test(arguments: ["plain", "plain-0.31", "window-wrapped", "window-wrapped-0.31", "quantized-4", "quantized-3"])
  func damagedFiles(name: String) throws {
    let mutations = ForeignMutations(read: { try readAll(MLXCacheFile(path: $0)) })
    let bytes = try ForeignSamples.bytes("mlx/\(name).safetensors")
    #expect(mutations.opens(bytes, "whole"))
    let header = 0..<8 + Int(bytes[0]) + Int(bytes[1]) << 8
    mutations.truncated(bytes, at: bytes.count < 1200 ? 0..<bytes.count : header)
    let outcome = mutations.mutated(bytes, count: 250, in: header, seed: UInt64(bytes.count))
    #expect(outcome.refused > outcome.taken)
  }
}
