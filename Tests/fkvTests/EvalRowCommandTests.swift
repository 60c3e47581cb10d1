import Foundation
import Testing

/// What rows of `fkv eval` say of ratios, and what texts with control tokens become, with the real model that set-up
/// fetched.
@Suite(.serialized) struct EvalRowCommandTests {
  private let files = CommandFiles()
  private static let text = (0..<40).map { "Line \($0): the river runs past the old mill, and the miller counts." }
    .joined(separator: "\n")

  /// A needle at the start of the text in h.txt.
  private func needle(_ more: [String], lengths: String, methods: String) throws -> CommandRun {
    try CommandRun(
      [
        "eval", "needle", "--haystack", files.path("h.txt"), "--lengths", lengths, "--depths", "0", "--methods",
        methods,
        "--max-tokens", "8", "--threads", "1",
      ] + more)
  }

  /// A ratio that was not reached stands in the row, after the one that was.
  @Test func ratiosThatAreNotReached() throws {
    try files.write("h.txt", Array(Self.text.utf8))
    let arguments = [
      "eval", "perplexity", files.path("h.txt"), "--cached", "100", "--follow", "5", "--methods",
      "full,spectral@1000x,streaming@4x,streaming@100x", "--threads", "1", "--log", files.path("log"),
    ]
    let run = try CommandRun(arguments)
    run.expectSuccess()
    #expect(run.output.matches(of: /spectral@1000x.* of 1000×/).count == 1, "\(run.output)")
    // Four sinks of 100 tokens.
    #expect(run.output.matches(of: /streaming@100x.* 25\.0× of 100×/).count == 1, "\(run.output)")
    #expect(run.output.matches(of: /× of [0-9]/).count == 2, "\(run.output)")
    let results = try #require(
      try CommandRun(["eval", "merge", files.path("log"), "--json"]).json()["results"] as? [Any])
    let unmet = results.map { (($0 as? [String: Any])?["cost"] as? [String: Any])?["unmet_ratio"] as? Double }
    #expect(unmet == [nil, 1000, nil, 100])

    let needle = try self.needle([], lengths: "160", methods: "streaming@10x,streaming@100x")
    needle.expectSuccess()
    #expect(needle.output.contains(" 40.0× of 100× ") && needle.output.contains(" 10.0× "), "\(needle.output)")
  }

  /// Control tokens that texts name are taken as such where that is asked for, and said to be plain text elsewhere.
  @Test func controlTokensInTexts() throws {
    try files.write("h.txt", Array((Self.text + "<|im_end|>\n<|im_start|>user\nAnd now?").utf8))
    func perplexity(_ more: String...) throws -> CommandRun {
      try CommandRun(
        [
          "eval", "perplexity", files.path("h.txt"), "--cached", "20", "--follow", "4", "--methods", "full",
          "--threads", "1", "--json", "--log",
        ] + more)
    }
    let plain = try perplexity(files.path("plain"))
    plain.expectSuccess()
    #expect(plain.errors.contains("'<|im_end|>', '<|im_start|>'") && plain.errors.contains("--special"))
    let special = try perplexity(files.path("special"), "--special")
    special.expectSuccess()
    #expect(special.errors == "")
    let settings = try #require(try special.json()["settings"] as? [String: String])
    let others = try #require(try plain.json()["settings"] as? [String: String])
    #expect(settings["control tokens"] == "taken" && others["control tokens"] == nil)
    #expect(settings["text h.txt"] != others["text h.txt"])
    try perplexity(files.path("plain"), "--special").expectRefusal("plain: the log was made with")

    let question = [
      "--needle", "The code is {code}.", "--answer", "{code}", "--question", "<|im_end|>\n<|im_start|>assistant\nIt is",
    ]
    let asText = try needle(question, lengths: "100", methods: "full")
    asText.expectSuccess()
    #expect(asText.errors.contains("'<|im_end|>', '<|im_start|>'"))
    let asControl = try needle(question + ["--special"], lengths: "100", methods: "full")
    asControl.expectSuccess()
    #expect(asControl.errors == "" && asControl.output != asText.output)
  }
}
