import CacheCodec
import FKVFormat
import Foundation
import KVCacheModel
import TestSupport
import Testing

/// Every bad input: exit 2, one clear line, nothing on standard output, nothing left behind.
@Suite struct BadInputTests {
  private let files = CommandFiles()

  private func inspect(_ bytes: [UInt8]) throws -> CommandRun {
    try files.write("bad.fkv", bytes)
    return try CommandRun(["inspect", files.path("bad.fkv")])
  }

  @Test func filesThatAreNoFKV() throws {
    for bytes in [[], Array("GGUF".utf8), Array("A long enough text that is no cache at all. ".utf8)] as [[UInt8]] {
      try inspect(bytes).expectRefusal("bad.fkv: not an fkv file: it starts with")
    }
    try CommandRun(["inspect", files.path("none.fkv")]).expectRefusal("none.fkv: cannot open: No such file")
    try CommandRun(["inspect", files.scratch.path]).expectRefusal("not a regular file")
    try files.write("text", Array("no cache".utf8))
    try CommandRun(["compress", files.path("text"), "-o", files.path("o.fkv")])
      .expectRefusal("text: not a cache, but text")
    try CommandRun(["restore", files.path("text"), "-o", files.path("o")]).expectRefusal("text: not an fkv file")
    #expect(!files.scratch.names.contains { $0.hasPrefix("o") || $0.hasPrefix(".") })
  }

  @Test func truncatedFiles() throws {
    try files.compressed()
    let bytes = try files.bytes("c.fkv")
    let sections = try FKVCache(path: files.path("c.fkv")).reader.sections
    let boundaries = [1, 8, 63, 64] + sections.map { $0.offset + $0.fileBytes }
    for count in Set(boundaries + [bytes.count - 1, bytes.count / 2]).sorted() {
      try inspect(Array(bytes[..<count])).expectRefusal("bad.fkv: ")
    }
  }

  @Test func flippedBits() throws {
    try files.compressed()
    let bytes = try files.bytes("c.fkv")
    for index in 0..<20 {
      var flipped = bytes
      flipped[index * (bytes.count - 1) / 19] ^= 1 << (index % 8)
      try files.write("bad.fkv", flipped)
      let run = try CommandRun(["verify", files.path("bad.fkv")])
      #expect(run.status == 2)
      #expect(run.errors.hasPrefix("fkv: error: \(files.path("bad.fkv")): "), "\(run)")
      #expect(run.output == "" || run.output.contains("DAMAGED"))
      try CommandRun(["restore", files.path("bad.fkv"), "-o", files.path("out")]).expectRefusal("bad.fkv: ")
    }
    #expect(files.scratch.names == ["bad.fkv", "c.fkv"])
  }

  @Test func damageIsReportedAsJSONToo() throws {
    try files.compressed()
    var bytes = try files.bytes("c.fkv")
    let section = try FKVCache(path: files.path("c.fkv")).reader.sections[2]
    bytes[section.payloadOffset + 3] ^= 1
    try files.write("c.fkv", bytes)
    let run = try CommandRun(["verify", files.path("c.fkv"), "--json"])
    #expect(run.status == 2)
    let json = try run.json()
    #expect(json["within_limits"] as? Bool == false && (json["damaged_sections"] as? [String])?.count == 1)
  }

  /// A section that is larger than the file, and a cache larger than any memory; checksums are right.
  @Test func numbersBeyondTheFile() throws {
    try files.compressed()
    var bytes = try files.bytes("c.fkv")
    // file_bytes at 24 of the prologue (formats/fkv.md §3.1).
    bytes[24 + 5] = 1
    try inspect(bytes).expectRefusal("the prologue declares a file of", "found \(bytes.count)")

    var cache = CommandFiles.cache.description
    cache.geometry = CacheGeometry(layers: 1, kvHeads: 65_536, queryHeads: 65_536, headDim: 65_536, tokens: 1 << 30)
    let header = CacheHeader(description: cache, profile: .lossless, settings: [], writer: "", storedError: nil)
    let writer = try FKVWriter(path: files.path("bad.fkv"))
    try writer.commit(header: header.record)
    for command in [["inspect"], ["verify"], ["restore", "-o", files.path("out")]] {
      try CommandRun([command[0], files.path("bad.fkv")] + command.dropFirst())
        .expectRefusal("1073741824 tokens of 65536 × 65536 numbers", "at most 8589934592 bytes")
    }
  }

  @Test func otherReferences() throws {
    try files.compressed()
    func verify(_ cache: MemoryCache) throws -> CommandRun {
      try files.capture("r.safetensors", cache)
      return try CommandRun(["verify", files.path("c.fkv"), "--reference", files.path("r.safetensors")])
    }
    func other(seed: UInt64 = 1, groupSize: Int = 3) -> MemoryCache {
      SyntheticCache.make(
        layers: 3, kvHeads: 2, groupSize: groupSize, tokens: 60, headDim: 8, probe: 5, seed: seed)
    }
    try verify(other(seed: 2)).expectRefusal("the cache is of model synthetic (1), the reference of synthetic (2)")
    var prompt = other()
    prompt.description.tokens![17] = 4
    let own = CommandFiles.cache.description.tokens![17]
    try verify(prompt).expectRefusal("the prompts differ: token 17 is \(own), in the reference 4")
    try verify(other(groupSize: 1)).expectRefusal(
      "layer 0 is 6/2 heads × 60 tokens × 8, in the reference 2/2 heads × 60 tokens × 8")
    try CommandRun(["verify", files.path("c.fkv"), "--reference", files.path("none")])
      .expectRefusal("none: cannot open")
  }

  struct Forgery: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var message: String
    var edit: @Sendable ([UInt8]) -> [UInt8]
  }

  private static func header(_ edit: @escaping @Sendable (String) -> String) -> @Sendable ([UInt8]) -> [UInt8] {
    { CommandFiles.withHeader(of: $0, edit) }
  }

  // Layer 0's keys are the second tensor: 240 bytes of tokens, then 2·60·8 halves.
  static let forgeries = [
    Forgery(
      testDescription: "hole", message: "must begin at 240",
      edit: header { $0.replacingOccurrences(of: "[240,2160]", with: "[248,2168]") }),
    Forgery(
      testDescription: "overlap", message: "must begin at 240",
      edit: header { $0.replacingOccurrences(of: "[240,2160]", with: "[232,2152]") }),
    Forgery(
      testDescription: "lying shape", message: "its shape needs",
      edit: header { $0.replacingOccurrences(of: "[2,60,8]", with: "[2,61,8]") }),
    Forgery(
      testDescription: "overflowing shape", message: "beyond all limits",
      edit: header { $0.replacingOccurrences(of: "[2,60,8]", with: "[4611686018427387904,4,8]") }),
    Forgery(
      testDescription: "shape of another cache", message: "but the metadata declare [2, 60, 8]",
      edit: header { $0.replacingOccurrences(of: "[2,60,8]", with: "[60,2,8]") }),
    Forgery(
      testDescription: "huge header", message: "its header declares 1152921504606846976 bytes",
      edit: { [0, 0, 0, 0, 0, 0, 0, 16] + $0.dropFirst(8) }),
    Forgery(testDescription: "cut off", message: "but the file has", edit: { Array($0.dropLast(1)) }),
    Forgery(testDescription: "too long", message: "but the file has", edit: { $0 + [0] }),
    Forgery(
      testDescription: "no capture", message: "the file does not say the number of query heads",
      edit: header { $0.replacingOccurrences(of: "fkv-capture", with: "fkv-catpure") }),
    Forgery(testDescription: "no JSON", message: "safetensors header, byte 0", edit: header { _ in "nonsense" }),
  ]

  @Test(arguments: forgeries) func forgedCaptures(of test: Forgery) throws {
    try files.capture()
    let good = try files.bytes("c.safetensors")
    let bad = test.edit(good)
    #expect(bad != good)
    try files.write("bad.safetensors", bad)
    try files.write("out.fkv", Array("before".utf8))
    try CommandRun(["compress", files.path("bad.safetensors"), "-o", files.path("out.fkv")])
      .expectRefusal("bad.safetensors", test.message)
    #expect(try files.bytes("out.fkv") == Array("before".utf8))
    #expect(files.scratch.names == ["bad.safetensors", "c.safetensors", "out.fkv"])
  }
}
