import CacheCodec
import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// compress, inspect, verify and restore of a synthetic capture, through the binary.
@Suite struct MainPathTests {
  private let files = CommandFiles()

  private func checkHead(_ json: [String: Any], profile: String) throws {
    #expect(json["format_version"] as? Int == 1 && json["profile"] as? String == profile)
    let model = try #require(json["model"] as? [String: Any])
    #expect(model["name"] as? String == "synthetic" && model["fingerprint"] as? String == "1")
    let geometry = try #require(json["geometry"] as? [String: Int])
    #expect(geometry == ["layers": 3, "kv_heads": 2, "query_heads": 6, "tokens": 60, "head_dim": 8])
    let fileBytes = try #require(json["file_bytes"] as? Int)
    #expect(fileBytes == (try files.bytes("c.fkv")).count)
    let rawBytes = 2 * 2 * 3 * 2 * 60 * 8
    #expect(json["raw_bytes"] as? Int == rawBytes)
    let ratio = try #require(json["ratio"] as? Double)
    #expect(abs(ratio - Double(rawBytes) / Double(fileBytes)) < 1e-12)
    let bits = try #require(json["bits_per_element"] as? Double)
    #expect(abs(bits * ratio - 16) < 1e-12)
    let stored = try #require(json["stored_error"] as? [String: Any])
    #expect(stored["mean"] is Double && stored["max"] is Double && stored["probe_queries"] as? Int == 5)
  }

  @Test(arguments: ["fourier", "lossless", "spectral"]) func theWholePath(profile: String) throws {
    try files.capture()
    let compress = try CommandRun(
      ["compress", files.path("c.safetensors"), "-o", files.path("c.fkv"), "--profile", profile])
    compress.expectSuccess()
    #expect(compress.output.contains("profile \(profile)") && compress.output.contains("attention-output error"))
    #expect(compress.errors == "")

    let inspect = try CommandRun(["inspect", files.path("c.fkv"), "--json"])
    inspect.expectSuccess()
    let inspected = try inspect.json()
    try checkHead(inspected, profile: profile)
    let sections = try #require(inspected["sections"] as? [[String: Any]])
    #expect(sections.allSatisfy { $0["name"] is String && $0["bytes"] is Int })
    if profile != "spectral" { #expect(sections.compactMap { $0["layer"] as? Int } == [0, 0, 1, 1, 2, 2]) }
    let breakdown = try #require(inspected["breakdown"] as? [String: Int])
    #expect(breakdown.values.reduce(0, +) == inspected["file_bytes"] as? Int)
    let text = try CommandRun(["inspect", files.path("c.fkv")])
    text.expectSuccess()
    #expect(text.output.contains("synthetic") && text.output.contains("where the bytes went"))

    let verify = try CommandRun(
      ["verify", files.path("c.fkv"), "--reference", files.path("c.safetensors"), "--json"])
    verify.expectSuccess()
    let verified = try verify.json()
    try checkHead(verified, profile: profile)
    let error = try #require(verified["attention_output_error"] as? [String: Any])
    let mean = try #require(error["mean"] as? Double)
    #expect(error["max"] is Double && (error["per_layer"] as? [Double])?.count == 3)
    #expect(profile == "lossless" ? mean == 0 : mean > 0)
    #expect(verified["key_error"] is Double && verified["value_error"] is Double)
    #expect(verified["probe_queries"] as? Int == 5 && verified["within_limits"] as? Bool == true)

    let restore = try CommandRun(["restore", files.path("c.fkv"), "-o", files.path("r.safetensors")])
    restore.expectSuccess()
    let restored = try CaptureFile(path: files.path("r.safetensors"))
    #expect(restored.description.tokens == CommandFiles.cache.description.tokens)
    for layer in 0..<3 where profile == "lossless" {
      #expect(try restored.tensor(.key, layer: layer) == CommandFiles.cache.keys[layer])
      #expect(try restored.tensor(.value, layer: layer) == CommandFiles.cache.values[layer])
    }
    #expect(files.scratch.names == ["c.fkv", "c.safetensors", "r.safetensors"])
  }

  @Test func limitsDecideTheExitCode() throws {
    try files.capture()
    try files.compressed()
    func verify(_ limit: String, _ more: String...) throws -> CommandRun {
      try CommandRun(
        ["verify", files.path("c.fkv"), "--reference", files.path("c.safetensors"), "--max-error", limit] + more)
    }
    try verify("1e9").expectSuccess()
    let above = try verify("0")
    #expect(above.status == 1 && above.output.contains("ABOVE 0") && above.errors == "")
    let json = try verify("0", "--json")
    #expect(json.status == 1)
    #expect(try json.json()["within_limits"] as? Bool == false)
    #expect(try verify("1e9", "--json").json()["within_limits"] as? Bool == true)
  }

  @Test func verifyWithoutAReferenceChecksTheFile() throws {
    try files.compressed()
    let run = try CommandRun(["verify", files.path("c.fkv")])
    run.expectSuccess()
    #expect(run.output.contains("all 8 sections pass their checksums"))
    let json = try CommandRun(["verify", files.path("c.fkv"), "--json"]).json()
    #expect(json["within_limits"] as? Bool == true && json["attention_output_error"] == nil)
  }

  @Test func optionsReachTheFile() throws {
    try files.capture()
    try CommandRun([
      "compress", files.path("c.safetensors"), "-o", files.path("c.fkv"), "--profile", "fourier", "--no-tokens",
      "--sinks", "2", "--window",
      "7", "--states", "10", "--key-fraction", "0.5", "--value-fraction", "0.25", "--period", "100",
      "--reconstruction", "published", "--coefficients", "f32",
    ]).expectSuccess()
    let file = try FKVCache(path: files.path("c.fkv"))
    #expect(
      file.header.settings == [
        "sinks=2", "window=7", "states=10", "key-fraction=0.5", "value-fraction=0.25", "period=100",
        "reconstruction=published", "coefficients=F32",
      ])
    #expect(file.description.tokens == nil)
    let json = try CommandRun(["inspect", files.path("c.fkv"), "--json"]).json()
    #expect(json["has_tokens"] as? Bool == false)
  }

  @Test func withoutProbesTheErrorIsUnknownAndSaidSo() throws {
    try files.capture("c.safetensors", SyntheticCache.make(tokens: 40, probe: 0))
    let run = try CommandRun([
      "compress", files.path("c.safetensors"), "-o", files.path("c.fkv"), "--profile", "fourier",
    ])
    run.expectSuccess()
    #expect(run.errors.contains("no probe queries") && !run.output.contains("attention-output error"))
    let json = try CommandRun(["inspect", files.path("c.fkv"), "--json"]).json()
    #expect(json["stored_error"] == nil)
    try CommandRun(["verify", files.path("c.fkv"), "--reference", files.path("c.safetensors")])
      .expectRefusal("the reference holds no probe queries")
  }

  @Test func theSameInputGivesTheSameBytes() throws {
    try files.capture()
    for name in ["a.fkv", "b.fkv"] {
      try CommandRun(["compress", files.path("c.safetensors"), "-o", files.path(name)]).expectSuccess()
    }
    #expect(try files.bytes("a.fkv") == files.bytes("b.fkv"))
  }
}
