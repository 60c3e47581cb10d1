import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// fkv convert, and the formats that compress reads and restore writes.
@Suite struct ConvertCommandTests {
  private let files = CommandFiles()
  private static let cache = SyntheticCache.make(
    layers: 3, kvHeads: 2, groupSize: 3, tokens: 60, headDim: 8, probe: 5, pairing: .interleaved)

  private func run(_ arguments: String...) throws -> CommandRun { try CommandRun(arguments) }
  private func path(_ name: String) -> String { files.path(name) }
  private func capture() throws -> String { try files.capture("c.safetensors", Self.cache) }

  /// What names everything that a state file of the cache leaves open.
  private static let facts = [
    "--kv-heads", "2", "--query-heads", "6", "--rope-theta", "10000", "--rope-pairs", "interleaved",
    "--attention-scale",
    "0.35355338",
  ]

  @Test func list() throws {
    let text = try run("convert", "--list")
    text.expectSuccess()
    for name in ["fkv", "capture", "llama-state", "llama-session"] {
      #expect(text.output.contains("\n\(name) ") || text.output.hasPrefix("\(name) "))
    }
    let json = try run("convert", "--list", "--json").json()
    let formats = try #require(json["formats"] as? [[String: Any]])
    let state = try #require(formats.first { $0["name"] as? String == "llama-state" })
    #expect(state["read"] as? Bool == true && state["write"] as? Bool == true)
    #expect((state["cannot_carry"] as? [String])?.contains("probe queries") == true)
  }

  @Test func thereAndBack() throws {
    let there = try run("convert", try capture(), path("s.bin"), "--to", "llama-state")
    there.expectSuccess()
    #expect(there.output.hasPrefix("\(path("s.bin")): capture to llama-state, 3 layers × 2 KV heads"))
    #expect(there.errors == "fkv: \(path("c.safetensors")): probe queries are left out\n")
    let back = try CommandRun(["convert", path("s.bin"), path("b.safetensors"), "--json"] + Self.facts)
    back.expectSuccess()
    #expect(back.errors == "")
    let json = try back.json()
    #expect(json["failed"] as? Int == 0)
    let conversion = try #require((json["conversions"] as? [[String: Any]])?.first)
    #expect(conversion["from"] as? String == "llama-state" && conversion["to"] as? String == "capture")
    #expect((conversion["losses"] as? [Any])?.isEmpty == true && conversion["error"] == nil)
    #expect((conversion["geometry"] as? [String: Int])?["query_heads"] == 6)
    let result = try CaptureFile(path: path("b.safetensors"))
    for layer in 0..<3 {
      #expect(try result.tensor(.key, layer: layer) == Self.cache.keys[layer])
      #expect(try result.tensor(.value, layer: layer) == Self.cache.values[layer])
    }
    #expect(result.description.tokens == Self.cache.description.tokens)
  }

  @Test func compressAndRestoreSpeakThemToo() throws {
    try run("convert", try capture(), path("s.bin"), "--to", "llama-state").expectSuccess()
    let compress = try CommandRun(
      ["compress", path("s.bin"), "-o", path("s.fkv"), "--profile", "lossless"] + Self.facts)
    compress.expectSuccess()
    let restore = try run(
      "restore", path("s.fkv"), "-o", path("r.bin"), "--to", "llama-state", "--key-layout", "interleaved")
    restore.expectSuccess()
    #expect(try files.bytes("r.bin") == files.bytes("s.bin"))
    let part = try run(
      "restore", path("s.fkv"), "-o", path("p.bin"), "--to", "llama-state", "--key-layout", "interleaved", "--tokens",
      "0-9", "--output-dtype", "bf16")
    part.expectSuccess()
    #expect(part.errors.contains("keys change from F16 to BF16: "))
    let state = try LlamaStateFile(path: path("p.bin"))
    #expect(state.memories[0][0].positions == Array(0..<10) && state.tokens.count == 10)
  }

  @Test func batches() throws {
    _ = try capture()
    try files.capture("d.safetensors", Self.cache)
    try files.write("bad.bin", Array("broken".utf8))
    let run = try run(
      "convert", path("c.safetensors"), path("bad.bin"), path("d.safetensors"), "--to", "llama-state",
      "--output-folder", path("out"), "--jobs", "2")
    #expect(run.status == 2)
    #expect(run.output.hasSuffix("2 of 3 converted, 1 failed\n") && run.output.filter(\.isNewline).count == 3)
    #expect(run.errors.contains("fkv: error: \(path("bad.bin")): not a cache, but text"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: path("out")).sorted() == ["c.bin", "d.bin"])
    let json = try CommandRun(
      ["convert", path("c.safetensors"), path("bad.bin"), "--output-folder", path("two"), "--json"])
    #expect(json.status == 2)
    let conversions = try #require(try json.json()["conversions"] as? [[String: Any]])
    #expect(try json.json()["failed"] as? Int == 1)
    #expect(conversions[0]["error"] == nil && (conversions[1]["error"] as? String)?.contains("bad.bin") == true)
  }

  @Test func whatIsMissingIsAskedForByName() throws {
    try run("convert", try capture(), path("s.bin"), "--to", "llama-state").expectSuccess()
    try run("convert", path("s.bin"), path("o")).expectRefusal("s.bin: ", "--model or --head-dim")
    try run("compress", path("s.bin"), "-o", path("o"), "--kv-heads", "2")
      .expectRefusal("--query-heads", "--rope-theta and --rope-pairs", "--attention-scale")
    try run("verify", path("s.bin")).expectRefusal("not an fkv file")
    try files.compressed("f.fkv", .lossless)
    try run("verify", path("f.fkv"), "--reference", path("s.bin"))
      .expectRefusal("s.bin: a llama.cpp sequence file", "fkv convert")
    try run("convert", path("f.fkv"), path("o"), "--to", "llama-state", "--state-version", "2")
      .expectRefusal("--state-version takes 3 to 4")
    try files.write("t", Array("1 x".utf8))
    try run("convert", path("s.bin"), path("o"), "--tokens", path("t")).expectRefusal("t: entry 1 is no token id")
    #expect(!files.scratch.names.contains { $0.hasPrefix("o") || $0.hasPrefix(".") })
  }

  static let misuses: [[String]] = [
    ["convert"], ["convert", "a"], ["convert", "a", "b", "c"], ["convert", "a", "b", "--to", "zip"],
    ["convert", "a", "b", "--from", "zip"], ["convert", "a", "b", "--jobs", "2"], ["convert", "--output-folder", "o"],
    ["convert", "a", "--output-folder", "o", "--jobs", "0"], ["convert", "--list", "a"],
    ["convert", "a", "b", "--kv-heads", "0"], ["convert", "a", "b", "--rope-pairs", "x"],
    ["convert", "a", "b", "--rope-theta", "-1"], ["convert", "a", "b", "--attention-scale", "nan"],
    ["convert", "a", "b", "--shape", "1,x"], ["convert", "a", "b", "--dtype", "f8"],
    ["convert", "a", "b", "--key-layout", "none"], ["convert", "a", "b", "--sequence", "-1"],
    ["convert", "a", "b", "--model", "m", "--kv-heads", "2"], ["restore", "a", "-o", "b", "--to", "zip"],
    ["restore", "a", "-o", "b", "--output-dtype", "f16"],
  ]

  @Test(arguments: misuses) func misuseExitsWith64(arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 64 && run.output == "" && run.errors.contains("Error: "), "\(run)")
  }
}
