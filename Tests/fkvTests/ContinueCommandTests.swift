import Commands
import Foundation
import Interchange
import KVCacheModel
import Testing

/// `fkv verify --continue` with the real model that set-up fetched.
@Suite(.serialized) struct ContinueCommandTests {
  private let files = CommandFiles()
  private static let text = (0..<14).map { "Line \($0): the river runs past the old mill, and the miller counts." }
    .joined(separator: " ")
  private static let next = " Line 14: the river runs past the old mill, and the miller counts."

  /// A capture of the text's first 200 tokens, and its lossless and its coarse file.
  private func prepare() throws {
    try files.write("p.txt", Array(Self.text.utf8))
    try CommandRun([
      "capture", files.path("p.txt"), "-o", files.path("c.safetensors"), "--probe", "16", "--max-tokens", "200",
    ]).expectSuccess()
    try CommandRun([
      "compress", files.path("c.safetensors"), "-o", files.path("lossless.fkv"), "--profile", "lossless",
    ]).expectSuccess()
    try CommandRun(["compress", files.path("c.safetensors"), "-o", files.path("coarse.fkv"), "--ratio", "20"])
      .expectSuccess()
  }

  private func verify(_ file: String, _ more: String...) throws -> CommandRun {
    try CommandRun(["verify", files.path(file), "--reference", files.path("c.safetensors")] + more)
  }

  @Test func predictionsAreReported() throws {
    try prepare()
    let run = try verify("lossless.fkv", "--continue", Self.next, "--json")
    run.expectSuccess()
    #expect(run.errors == "")
    let exact = try run.json()
    for key in ["kl_mean", "kl_p99", "kl_max"] { #expect(exact[key] as? Double == 0) }
    #expect(exact["top1_agreement"] as? Double == 1)
    let full = try #require(exact["perplexity_full"] as? Double)
    #expect(full > 1 && exact["perplexity_restored"] as? Double == full)
    #expect((10...40).contains(try #require(exact["continuation_tokens"] as? Int)))

    let coarse = try verify("coarse.fkv", "--continue", Self.next, "--json").json()
    #expect(coarse["perplexity_full"] as? Double == full)
    let mean = try #require(coarse["kl_mean"] as? Double)
    let largest = try #require(coarse["kl_max"] as? Double)
    #expect(mean > 0 && mean <= largest && largest.isFinite)

    let text = try verify("coarse.fkv", "--continue", Self.next)
    text.expectSuccess()
    for part in ["KL divergence", "perplexity", "top-1 agreement", "attention-output error"] {
      #expect(text.output.contains(part))
    }
    #expect(!(try verify("coarse.fkv").output.contains("KL divergence")))
    #expect(try verify("coarse.fkv", "--json").json()["kl_mean"] == nil)
  }

  /// The same continuation as text, as a file, on standard input, and as what follows the prompt in the whole text.
  @Test func continuationsComeFromAnywhere() throws {
    try prepare()
    let (capture, file) = (files.path("c.safetensors"), files.path("coarse.fkv"))
    let arguments = ["verify", file, "--reference", capture, "--json", "--continue-tokens", "12", "--continue"]
    try files.write("next.txt", Array(Self.next.utf8))
    let given = try CommandRun(arguments + [Self.next])
    given.expectSuccess()
    #expect(try given.json()["continuation_tokens"] as? Int == 11)
    #expect(try CommandRun(arguments + [files.path("next.txt")]).output == given.output)
    #expect(try CommandRun(arguments + ["-"], input: Array(Self.next.utf8)).output == given.output)

    let behind = try CommandRun(arguments + [files.path("p.txt"), "--after-prompt"])
    behind.expectSuccess()
    #expect(try behind.json()["continuation_tokens"] as? Int == 11 && behind.output != given.output)
    try CommandRun(arguments + [files.path("next.txt"), "--after-prompt"]).expectRefusal(
      "does not begin with the prompt")
  }

  @Test func whatCannotBeContinued() throws {
    try prepare()
    try verify("coarse.fkv", "--continue", "").expectRefusal("the continuation is empty")
    try files.write("empty.txt", [])
    try verify("coarse.fkv", "--continue", files.path("empty.txt")).expectRefusal("the continuation is empty")
    try verify("coarse.fkv", "--continue", "a").expectRefusal("has one token, two or more are needed")
    try files.write("bad.txt", [0x66, 0xFF, 0xFE])
    try verify("coarse.fkv", "--continue", files.path("bad.txt"))
      .expectRefusal("bad.txt: the continuation is not UTF-8 text")
    try verify("coarse.fkv", "--continue", String(repeating: Self.next, count: 500))
      .expectRefusal("200 cached tokens and", "do not fit into the model's context of 8192")
    try verify("coarse.fkv", "--continue", "and so on", "--model", files.path("p.txt"))
      .expectRefusal("p.txt: ", "GGUF")
  }

  @Test func anotherModelIsRefusedWithBothFingerprints() throws {
    try files.capture()
    try files.compressed()
    let run = try CommandRun([
      "verify", files.path("c.fkv"), "--reference", files.path("c.safetensors"), "--continue", "and so on",
    ])
    run.expectRefusal("the cache belongs to model synthetic (1), not to Smollm2 135M 8k Lc100K Mix1 Ep2 (")
  }

  @Test func optionsThatNeedOthers() throws {
    for (more, part) in [
      (["--continue", "x"], "'--continue' needs '--reference'"),
      (["--reference", "c", "--model", "m"], "'--model' needs '--continue'"),
      (["--reference", "c", "--continue-tokens", "5"], "'--continue-tokens' needs '--continue'"),
      (["--reference", "c", "--after-prompt"], "'--after-prompt' needs '--continue'"),
      (["--reference", "c", "--continue", "x", "--continue-tokens", "1"], "must be 2 or more"),
      (["--reference", "c", "--continue", "x", "--threads", "0"], "must be 1 or more"),
    ] {
      let run = try CommandRun(["verify", "c.fkv"] + more)
      #expect(run.status == 64 && run.errors.contains(part), "\(run)")
    }
  }
}
