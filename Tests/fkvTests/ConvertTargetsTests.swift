import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// fkv convert to what Python programs read, with the options of each, and back again.
@Suite struct ConvertTargetsTests {
  private let files = CommandFiles()
  private static let cache = SyntheticCache.make(
    layers: 3, kvHeads: 2, groupSize: 3, tokens: 60, headDim: 8, probe: 5, pairing: .halfSplit)

  private func path(_ name: String) -> String { files.path(name) }

  /// Converts the cache by way of a file or folder `name` and compares what comes back with it.
  private func throughAndBack(_ name: String, _ options: String...) throws {
    let capture = try files.capture("c.safetensors", Self.cache)
    try CommandRun(["convert", capture, path(name)] + options).expectSuccess()
    let back = try CommandRun(["convert", path(name), path("back-\(name)")])
    back.expectSuccess()
    let result = try CaptureFile(path: path("back-\(name)"))
    #expect(result.description.tokens == Self.cache.description.tokens)
    for layer in 0..<3 {
      #expect(try result.tensor(.key, layer: layer) == Self.cache.keys[layer])
      #expect(try result.tensor(.value, layer: layer) == Self.cache.values[layer])
    }
  }

  @Test func mlx() throws {
    try throughAndBack("n", "--to", "mlx", "--model-name", "mine")
    try throughAndBack("o", "--to", "mlx", "--mlx-version", "0.31")
    // The two layouts are told apart by what stands at 2.0 (formats/mlx.md).
    func text(_ name: String) throws -> String { String(decoding: try files.bytes(name).prefix(4000), as: UTF8.self) }
    #expect(try text("n").contains(#""2.0":"""#) && text("o").contains(#""2.0":"KVCache""#))
    #expect(try text("n").contains(#""0.model":"mine""#))
  }

  @Test func lmcache() throws {
    try throughAndBack("l", "--to", "lmcache", "--model-name", "a/b", "--chunk-tokens", "16")
    let names = try FileManager.default.contentsOfDirectory(atPath: path("l"))
    // 16, 16, 16 and the last 12 tokens.
    let chunks = names.filter { $0.hasSuffix(".data") }
    #expect(chunks.count == 4 && chunks.allSatisfy { $0.hasPrefix("a-SEP-b@1@0@") })
    let numbers = 2 * 3 * 16
    let sizes = try chunks.map { try files.bytes("l/\($0)").count }.sorted()
    #expect(sizes == [28 + 2 * numbers * 12, 28 + 2 * numbers * 16, 28 + 2 * numbers * 16, 28 + 2 * numbers * 16])
  }

  @Test func transformers() throws { try throughAndBack("t", "--to", "transformers") }

  @Test func optionsOfOtherFormats() throws {
    let capture = try files.capture("c.safetensors", Self.cache)
    for options in [["--mlx-version", "0.1"], ["--chunk-tokens", "0"], ["--chunk-tokens", "x"]] {
      #expect(try CommandRun(["convert", capture, path("x"), "--to", "lmcache"] + options).status == 64)
    }
    #expect(!files.scratch.names.contains("x"))
  }
}
