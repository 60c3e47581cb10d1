import CacheCodec
import Foundation
import TestSupport
import Testing

/// `fkv bench attention` as it is built, on layers of a few tokens.
@Suite struct BenchAttentionCommandTests {
  private let folder = ScratchFolder()

  private func file(_ method: CacheEncoder.Method) throws -> String {
    let path = folder.file("a.fkv")
    let cache = SyntheticCache.make(layers: 2, tokens: 600, headDim: 16)
    _ = try CacheEncoder(method, writer: "test").encode(cache, to: path)
    return path
  }

  @Test func everyVariantIsCheckedAndTimed() throws {
    let run = try CommandRun(["bench", "attention", try file(.fourier(FourierParameters())), "--runs", "2", "--json"])
    run.expectSuccess()
    let layers = try #require(try run.json()["attention"] as? [[String: Any]])
    let layer = try #require(layers.first)
    #expect(layers.count == 1 && layer["tokens"] as? Int == 600 && layer["frequencies"] as? Int == 55)
    let rows = try #require(layer["variants"] as? [[String: Any]])
    #expect(
      rows.map { $0["variant"] as? String } == [
        "ours", "dense, 16 bit", "dense, 32 bit", "decode, then dense", "direct T·N·D",
      ])
    for row in rows {
      #expect(row["error"] as? Double ?? 1 <= 1e-3 && row["milliseconds"] as? Double ?? 0 > 0)
      #expect(row["runs"] as? Int == 2)
    }
    // Keys and values of 600 tokens, two heads of 16 in 16 bit.
    #expect(rows[1]["bytes_read"] as? Int == 2 * 600 * 32 * 2)
  }

  @Test func spectralFilesHaveTwoVariants() throws {
    var parameters = SpectralParameters()
    parameters.rate = .step(0.2)
    let run = try CommandRun(["bench", "attention", try file(.spectral(parameters)), "--layer", "1", "--runs", "1"])
    run.expectSuccess()
    #expect(run.output.contains("layer 1: 600 tokens"))
    #expect(run.output.split(separator: "\n").filter { $0.hasPrefix("ours") || $0.hasPrefix("decode") }.count == 2)
  }

  @Test func madeUpLayersOfSeveralLengths() throws {
    let run = try CommandRun(["bench", "attention", "--synthetic", "64,1100", "--runs", "1"])
    run.expectSuccess()
    #expect(run.output.contains("synthetic: 64 tokens") && run.output.contains("synthetic: 1100 tokens, 1028"))
  }

  @Test func refusals() throws {
    let path = try file(.lossless)
    try CommandRun(["bench", "attention", path]).expectRefusal("the profile is lossless; this needs fourier")
    try CommandRun(["bench", "attention", path, "--layer", "2"]).expectRefusal("there is no layer 2")
    try CommandRun(["bench", "attention", folder.file("none")]).expectRefusal("none")
    for arguments in [
      ["--synthetic", "0"], ["--synthetic", "4,,5"], ["--synthetic", "x"], ["--runs", "0"], ["--layer", "-1"],
      ["--device", "tpu"], [path, "--synthetic", "8"],
    ] {
      #expect(try CommandRun(["bench", "attention"] + arguments).status == 64)
    }
  }
}
