import ChatTemplate
import Testing

/// What templates give is what Jinja 3.1.6 gave for them, set up as Transformers does (a sandbox of values that do not
/// change, `trim_blocks`, `lstrip_blocks`, its own `tojson`, `raise_exception`), with the conversation and clock below.
@Suite struct ChatTemplateTests {
  static let conversation: [(role: String, content: String)] = [
    ("system", "Be brief."), ("user", " Hi\n\nthere \n"), ("assistant", "<think>x</think>\n\nb"), ("user", "ü 🙂"),
  ]

  /// A day that does not pass.
  struct Calendar: ChatClock {
    func text(format: String) -> String { format == "%d %b %Y" ? "26 Jul 2026" : "?" }
  }

  static func render(_ template: String) throws -> String {
    try ChatTemplate(template).render(
      conversation, startsAnswer: true, specialTokens: ["bos_token": "<s>", "eos_token": "</s>"], clock: Calendar())
  }

  @Test func anAnswerIsStartedWhereAsked() throws {
    let template = try ChatTemplate("{% if add_generation_prompt %}A{% endif %}")
    #expect(try template.render([], startsAnswer: true) == "A")
    #expect(try template.render([], startsAnswer: false) == "")
  }

  /// A conversation's text is data: what looks like a tag in it stays as it is.
  @Test func contentIsNotRendered() throws {
    let template = try ChatTemplate("{% for m in messages %}{{ m.content }}{% endfor %}")
    let content = "{{ 1 }}{% if %}{# #}\r\n"
    #expect(
      try template.render([("user", content)], startsAnswer: true).unicodeScalars.elementsEqual(content.unicodeScalars))
  }

  @Test func theClockOfTheMachine() {
    let year = SystemChatClock().text(format: "%Y")
    #expect(year.count == 4 && Int(year)! >= 2026)
    #expect(SystemChatClock().text(format: "") == "")
  }
}
