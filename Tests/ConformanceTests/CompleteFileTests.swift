import CacheCodec
import Foundation
import KVCacheModel
import ReferenceDecoder
import TestSupport
import Testing

/// formats/fkv.md §B: a whole cache file in the text.
@Suite struct CompleteFileTests {
  private let scratch = ScratchFolder()

  /// One layer of one KV head: two tokens of two elements.
  private static let cache: MemoryCache = {
    let layer = LayerGeometry(kvHeads: 1, queryHeads: 2, headDim: 2, tokens: 2)
    func tensor(_ numbers: [Float]) -> CacheTensor {
      CacheTensor(kvHeads: 1, tokens: 2, headDim: 2, elementType: .float16, rounding: numbers)
    }
    let description = CacheDescription(
      model: ModelIdentity(name: "tiny", architecture: "llama", fingerprint: ""),
      geometry: CacheGeometry(layers: [layer]),
      ropes: [RotaryEmbedding(pairing: .halfSplit, dimensions: 2, base: 10_000)], tokens: [1, 314], keyType: .float16,
      valueType: .float16, attentionScale: 0.5)
    return MemoryCache(description: description, keys: [tensor([1, -2, 0.5, 3])], values: [tensor([0, 1, 2, 4])])
  }()

  /// The lines between the chapter's marks.
  private static func shown() throws -> [String] {
    let text = try String(contentsOf: Comparison.root.appendingPathComponent("formats/fkv.md"), encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let chapter = try #require(lines.firstIndex { $0.hasPrefix("## §B ") })
    return lines[chapter...].drop { $0 != "```hex" }.dropFirst().prefix { $0 != "```" }.map(String.init)
  }

  /// The bytes of the lines, without offsets and remarks.
  private static func bytes(_ lines: [String]) -> [UInt8] {
    lines.filter { !$0.hasPrefix(";") }.flatMap { line in
      line.dropFirst(4).prefix { $0 != ";" }.split(separator: " ").map { UInt8($0, radix: 16)! }
    }
  }

  @Test func theProductWritesIt() throws {
    _ = try CacheEncoder(.lossless, writer: "example").encode(Self.cache, to: scratch.file("c.fkv"))
    let written = try Comparison.bytes(scratch.file("c.fkv"))
    let expected = try CompleteFile(written).lines
    #expect(try Self.shown() == expected, "the block should be:\n\(expected.joined(separator: "\n"))")
  }

  @Test func bothDecodersReadIt() throws {
    let bytes = Self.bytes(try Self.shown())
    try Data(bytes).write(to: URL(fileURLWithPath: scratch.file("b.fkv")))
    #expect(try Comparison(path: scratch.file("b.fkv")).differences == [])
    let decoded = try FKVCache(path: scratch.file("b.fkv")).decodeAll()
    #expect(decoded.keys == Self.cache.keys && decoded.values == Self.cache.values)
    #expect(decoded.description == Self.cache.description)
    let reference = try ReferenceCache(bytes, tables: Comparison.tables)
    #expect(reference.tokens == [1, 314])
    #expect(try reference.tensor(0, isKey: true).numbers == [1, -2, 0.5, 3])
    #expect(try reference.tensor(0, isKey: false).numbers == [0, 1, 2, 4])
  }
}
