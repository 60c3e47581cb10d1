import Foundation
import KVCacheModel
import TestSupport
import Testing

/// `fkv report` through the binary.
@Suite struct ReportCommandTests {
  private let files = CommandFiles()

  private func report(_ more: String...) throws -> CommandRun {
    try CommandRun(
      ["report", files.path("c.fkv"), "--reference", files.path("c.safetensors"), "-o", files.path("r.html")] + more)
  }

  private func prepare() throws {
    try files.capture()
    try files.compressed()
  }

  @Test func onePage() throws {
    try prepare()
    let run = try report()
    run.expectSuccess()
    #expect(run.errors == "" && run.output.hasPrefix("\(files.path("r.html")): "))
    #expect(run.output.contains("profile fourier, ratio ") && run.output.filter(\.isNewline).count == 1)
    let page = try files.bytes("r.html")
    let text = String(decoding: page, as: UTF8.self)
    #expect(MarkupCheck.fault(in: text) == nil && text.contains("<h1>synthetic</h1>"))
    #expect(text.contains("No bench result was given") && text.contains("No continuation was given"))
    #expect(text.contains("fkv report \(files.path("c.fkv")) --reference"))
    try report().expectSuccess()
    #expect(try files.bytes("r.html") == page)
    #expect(files.scratch.names == ["c.fkv", "c.safetensors", "r.html"])
  }

  @Test func withABenchResult() throws {
    try prepare()
    let bench = try CommandRun([
      "bench", files.path("c.safetensors"), "--methods", "streaming,fourier,lossless", "--json",
    ])
    bench.expectSuccess()
    try files.write("b.json", Array(bench.output.utf8))
    try report("--bench", files.path("b.json")).expectSuccess()
    let text = String(decoding: try files.bytes("r.html"), as: UTF8.self)
    for part in [">streaming</text>", ">this file</text>", "bench result", "without error: lossless"] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(MarkupCheck.fault(in: text) == nil)
    // Of another cache.
    try files.capture("c.safetensors", SyntheticCache.make(layers: 1, tokens: 40))
    let other = try CommandRun(["bench", files.path("c.safetensors"), "--methods", "lossless", "--json"])
    try files.write("b.json", Array(other.output.utf8))
    try prepare()
    try report("--bench", files.path("b.json")).expectRefusal("b.json: no capture has this cache's geometry; it has ")
  }

  @Test func refusals() throws {
    try prepare()
    try files.write("r.html", Array("before".utf8))
    try files.write("b.json", Array(#"{"captures": [{"capture": "c"}]}"#.utf8))
    try report("--bench", files.path("b.json")).expectRefusal("b.json: no field captures[0].geometry; ")
    try report("--bench", files.path("c.fkv")).expectRefusal("c.fkv: not JSON")
    try report("--bench", files.path("none")).expectRefusal("none: cannot open")
    try report("--continue", "and so on").expectRefusal("the cache belongs to model synthetic (1)")
    try report("--continue", "and so on", "--model", files.path("b.json")).expectRefusal("b.json: ")
    try files.capture("c.safetensors", SyntheticCache.make(layers: 3, kvHeads: 2, tokens: 60, headDim: 8))
    try report().expectRefusal("layer 0 is 6/2 heads × 60 tokens × 8, in the reference 4/2 heads")
    try files.capture(
      "c.safetensors", SyntheticCache.make(layers: 3, kvHeads: 2, groupSize: 3, tokens: 60, headDim: 8, seed: 2))
    try report().expectRefusal("the cache is of model synthetic (1), the reference of synthetic (2)")
    try prepare()
    var bytes = try files.bytes("c.fkv")
    bytes[bytes.count / 2] ^= 1
    try files.write("c.fkv", bytes)
    try report().expectRefusal("c.fkv: ")
    try files.write("c.fkv", Array("no cache".utf8))
    try report().expectRefusal("c.fkv: not an fkv file")
    #expect(try files.bytes("r.html") == Array("before".utf8))
    #expect(files.scratch.names == ["b.json", "c.fkv", "c.safetensors", "r.html"])
  }

  /// Found out before anything is compared: the inputs are not even there.
  @Test func unwritableTargets() throws {
    for target in [files.path("missing/r.html"), files.scratch.path, "/dev/full", ""] {
      let run = try CommandRun(["report", files.path("x.fkv"), "--reference", files.path("y"), "-o", target])
      run.expectRefusal(target.isEmpty ? "cannot" : target)
    }
    try prepare()
    let run = try CommandRun(
      ["report", files.path("c.fkv"), "--reference", files.path("c.safetensors"), "-o", files.path("r.html")],
      fileBlocks: 8)
    run.expectRefusal("r.html: cannot write: File too large")
    #expect(files.scratch.names == ["c.fkv", "c.safetensors"])
  }

  @Test func usage() throws {
    for (arguments, part) in [
      (["f"], "'--reference"), (["f", "--reference", "r"], "'--output"),
      (["f", "--reference", "r", "-o", "x", "--model", "m"], "'--model' needs '--continue'"),
      (["f", "--reference", "r", "-o", "x", "--after-prompt"], "'--after-prompt' needs '--continue'"),
    ] {
      let run = try CommandRun(["report"] + arguments)
      #expect(run.status == 64 && run.output == "" && run.errors.contains(part), "\(run)")
    }
  }
}
