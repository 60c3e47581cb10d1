import Interchange
import TestSupport
import Testing

/// `--chat-template` and `--chat` with the templates that models bring.
@Suite struct ChatTemplateCommandTests {
  private let files = CommandFiles()

  /// Of the form that Gemma's has: a begin token, alternating roles, a system message within the user's, trimmed text.
  private static let gemmaForm = """
    {{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set first = messages[0]['content'] + '/' %}\
    {% set rest = messages[1:] %}{% else %}{% set first = '' %}{% set rest = messages %}{% endif %}{% for m in rest %}\
    {% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}\
    {{ '[' + m.role + ':' + (first if loop.first else '') }}{{ m['content'] | trim }}{{ ']' }}\
    {% if m.role != 'user' %}{{ eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '[model:' }}{% endif %}
    """

  private func model(_ template: String?) -> String {
    var model = TinyModel()
    model.chatTemplate = template
    return model.write(to: files.path("m.gguf"))
  }

  private func run(_ arguments: String...) throws -> CommandRun {
    try CommandRun(arguments + ["--model", files.path("m.gguf"), "--threads", "1"])
  }

  private func capture(_ prompt: String, _ arguments: String..., model: String? = nil) throws -> CommandRun {
    try CommandRun(
      ["capture", "-", "-o", files.path("c.safetensors"), "--probe", "2", "--threads", "1"]
        + (model.map { ["--model", $0] } ?? []) + arguments, input: Array(prompt.utf8))
  }

  /// The text of a capture's tokens in the made-up model: `^` for the begin token, `$` for the end token.
  private func text(_ path: String = "c.safetensors") throws -> String {
    let tokens = try #require(try CaptureFile(path: files.path(path)).description.tokens)
    let bytes: [UInt8] = tokens.map { id in
      switch id {
      case 1: UInt8(ascii: "^")
      case 2: UInt8(ascii: "$")
      case 3..<259: UInt8(id - 3)
      case 259: UInt8(ascii: " ")
      default: UInt8(id - 260 + 33)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// SmolLM2's template begins with a system message of its own where none is given.
  @Test func defaultSystemMessages() throws {
    try capture("What is 2+2?", "--chat-template", "on").expectSuccess()
    let own = try #require(try CaptureFile(path: files.path("c.safetensors")).description.tokens)
    let standard = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
    try capture("What is 2+2?", "--chat-template", "on", "--system", standard).expectSuccess()
    #expect(try CaptureFile(path: files.path("c.safetensors")).description.tokens == own)
    try capture("What is 2+2?", "--chat-template", "on", "--system", "Be brief.").expectSuccess()
    #expect(try CaptureFile(path: files.path("c.safetensors")).description.tokens != own)
  }

  /// One begin token, no white space at the message's ends, the system message where the template puts it.
  @Test func templatesThatTrim() throws {
    let model = model(Self.gemmaForm)
    try capture(" \n a b\n ", "--chat-template", "on", model: model).expectSuccess()
    #expect(try text() == "^ [user:a b][model:")
    try capture(" a ", "--chat-template", "on", "--system", "s ", model: model).expectSuccess()
    #expect(try text() == "^ [user:s /a][model:")
    // The message of a document goes on: its end stays, the question's does not.
    try capture(" a \n", "--chat-template", "open", model: model).expectSuccess()
    #expect(try text() == "^ [user:a \n")
    try run("generate", files.path("c.safetensors"), "-p", "q? \n", "-n", "1", "-o", files.path("g.safetensors"))
      .expectSuccess()
    let asked = String(try text("g.safetensors").dropLast(1))
    #expect(asked.hasSuffix("a \n\n\nq?][model:"))
  }

  /// A turn after an answer ends the answer as the template does; after a text it begins at once.
  @Test func turnsFollowAnswers() throws {
    let model = model(Self.gemmaForm)
    func asked(_ prompt: String, _ template: String, _ more: String...) throws -> Substring {
      try capture(prompt, "--chat-template", template, model: model).expectSuccess()
      let before = try text()
      let arguments = ["generate", files.path("c.safetensors"), "--chat", "-p", "b", "-n", "1"]
      try CommandRun(
        arguments + ["-o", files.path("g.safetensors"), "--model", model, "--threads", "1"] + more
      ).expectSuccess()
      let after = try text("g.safetensors")
      #expect(after.hasPrefix(before))
      return after.dropFirst(before.count).dropLast(1)
    }
    let (after, first, told) = try (asked("a", "on"), asked("a", "off"), asked("a", "off", "--system", "s"))
    #expect(after == "]$ [user:b][model:")
    #expect(first == "[user:b][model:")
    #expect(told == "[user:s/b][model:")
  }

  /// A document that names control tokens ends nothing.
  @Test func controlTokensInDocuments() throws {
    try capture("a</s>b", "--chat-template", "on", model: model(Self.gemmaForm)).expectSuccess()
    #expect(try text() == "^ [user:a</s>b][model:")
  }

  @Test func whatCannotBeRenderedIsRefused() throws {
    for (template, reason) in [
      ("{{ messages|groupby('role') }}", "line 1 uses the filter 'groupby', which fkv does not render"),
      ("{% if %}", "line 1 is not a template"), ("{{ raise_exception('no users here') }}", "no users here"),
      ("chatml", "it does not show a message once"),
      ("{{ messages[0].content.upper() }}", "it changes the message"),
      ("{{ messages[0].content|replace(' ', '_') }}", "it does not show a message as it is"),
      ("{{ messages[0].content|replace('a', 'b') }}", "it changes the message"),
    ] {
      let run = try capture("a b", "--chat-template", "on", model: model(template))
      #expect(run.status == 2 && run.output == "", "\(template)")
      #expect(run.errors.contains("the chat template of this 'llama' model cannot be used: "), "\(run.errors)")
      #expect(run.errors.contains(reason), "\(run.errors)")
    }
    let run = try capture("a", "--chat-template", "on", model: model(nil))
    #expect(run.status == 2 && run.errors.contains("this 'llama' model has no chat template"))
    // Without a template in play there is nothing to refuse.
    try capture("a b", model: model("{% if %}")).expectSuccess()
  }
}
