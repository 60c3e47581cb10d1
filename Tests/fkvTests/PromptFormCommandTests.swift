import Commands
import Interchange
import TestSupport
import Testing

/// Prompts in chat format: control tokens in text, and token ids, with the real model that set-up fetched.
@Suite(.serialized) struct PromptFormCommandTests {
  private let files = CommandFiles()
  private static let templated = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
  // The tokens of SmolLM2: <|im_start|> 1, <|im_end|> 2, a line feed 198.
  private static let control: [Int32] = [1, 2, 1]

  private func capture(_ arguments: [String], input: String = "") throws -> CommandRun {
    try CommandRun(
      ["capture", "-o", files.path("c.safetensors"), "--probe", "2", "--threads", "1"] + arguments,
      input: Array(input.utf8))
  }

  private func tokens() throws -> [Int32] {
    try #require(try CaptureFile(path: files.path("c.safetensors")).description.tokens)
  }

  @Test func controlTokensInTextAreTakenWhereAskedFor() throws {
    try files.write("p.txt", Array(Self.templated.utf8))
    let plain = try capture([files.path("p.txt")])
    plain.expectSuccess()
    #expect(plain.errors.contains("'<|im_start|>', '<|im_end|>'") && plain.errors.contains("--special"))
    let asText = try tokens()
    #expect(asText.allSatisfy { $0 > 2 })

    let special = try capture([files.path("p.txt"), "--special"])
    special.expectSuccess()
    #expect(special.errors == "")
    let asControl = try tokens()
    #expect(asControl.count == 10 && asControl.filter { $0 <= 2 } == Self.control && asControl.last == 198)

    // The same prompt by its ids, in both forms.
    for list in [asControl.map(String.init).joined(separator: "\n"), "\(asControl)"] {
      try files.write("ids.txt", Array(list.utf8))
      let byID = try capture(["--token-ids", files.path("ids.txt")])
      byID.expectSuccess()
      #expect(byID.errors == "")
      #expect(try tokens() == asControl)
    }
    try capture(["--token-ids", "-", "--max-tokens", "3"], input: "\(asControl)").expectSuccess()
    #expect(try tokens() == Array(asControl.prefix(3)))
  }

  @Test func textWithoutControlTokensIsTheSameEitherWay() throws {
    let run = try capture(["-"], input: "a < b | c > d")
    run.expectSuccess()
    #expect(run.errors == "")
    let plain = try tokens()
    try capture(["-", "--special"], input: "a < b | c > d").expectSuccess()
    #expect(try tokens() == plain)
  }

  @Test func aQuestionWithControlTokens() throws {
    try capture(["-", "--special"], input: "<|im_start|>user\nHi").expectSuccess()
    let question = "<|im_end|>\n<|im_start|>assistant\n"
    func fed(_ more: String...) throws -> Int {
      let isPlain = more.isEmpty
      let run = try CommandRun(
        ["generate", files.path("c.safetensors"), "-p", question, "-n", "1", "--threads", "1", "--json"] + more)
      run.expectSuccess()
      #expect(run.errors.contains("--special") == isPlain)
      return try #require(try run.json()["fed_tokens"] as? Int)
    }
    // <|im_end|>, line feed, <|im_start|>, "ass", "istant", line feed.
    #expect(try fed("--special") == 6)
    #expect(try fed() > 6)
  }

  /// The texts that a basis is learned from: as text with a word, or as the tokens that they name.
  @Test func calibrateReadsControlTokensWhereAskedFor() throws {
    let model = TinyModel().write(to: files.path("t.gguf"))
    try files.write("p.txt", Array(String(repeating: "<s>user a b</s>", count: 6).utf8))
    func calibrated(_ more: String...) throws -> (tokens: Int, errors: String) {
      let run = try CommandRun(
        [
          "calibrate", files.path("p.txt"), "--model", model, "-o", files.path("m.fkvbasis"), "--threads", "1",
          "--json",
        ] + more)
      run.expectSuccess()
      return (try #require(try run.json()["tokens"] as? Int), run.errors)
    }
    let (plain, special) = (try calibrated(), try calibrated("--special"))
    #expect(plain.errors.contains("'<s>', '</s>'") && plain.errors.contains("--special"))
    #expect(!special.errors.contains("--special"))
    // The tokens that capture takes of the same text.
    for (more, expected) in [([], plain.tokens), (["--special"], special.tokens)] {
      try capture([files.path("p.txt"), "--model", model] + more).expectSuccess()
      #expect(try tokens().count == expected)
    }
    #expect(special.tokens < plain.tokens)
  }

  /// A prompt that writes the begin token out has one, as in `--token-ids`, where ids are taken as they are.
  @Test func aWrittenBeginTokenIsNotDoubled() throws {
    let model = TinyModel().write(to: files.path("t.gguf"))
    try capture(["-", "--special", "--model", model], input: "<s>a b").expectSuccess()
    let written = try tokens()
    #expect(written.first == 1 && written.count { $0 == 1 } == 1)
    try capture(["--token-ids", "-", "--model", model], input: "1 1 70 71").expectSuccess()
    #expect(try tokens() == [1, 1, 70, 71])
  }

  @Test func whatCannotBeTaken() throws {
    try files.write("ids.txt", Array("1 two".utf8))
    try capture(["--token-ids", files.path("ids.txt")]).expectRefusal("ids.txt: entry 1 is no token id: 'two'")
    try files.write("ids.txt", Array("1 49152".utf8))
    try capture(["--token-ids", files.path("ids.txt")]).expectRefusal("token 49152 is not one of the model's 49152")
    try capture(["--token-ids", "-"], input: "[]").expectRefusal("standard input: holds no token ids")
    #expect(files.scratch.names == ["ids.txt"])
    for arguments in [
      [], ["p", "--token-ids", "i"], ["p", "--special", "--chat-template", "on"],
      ["--token-ids", "i", "--chat-template", "open"], ["--token-ids", "i", "--special"],
    ] {
      let run = try capture(arguments)
      #expect(run.status == 64 && run.errors.contains("Error: "), "\(run)")
    }
  }
}
