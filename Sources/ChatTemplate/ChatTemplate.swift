/// A model's chat template in Jinja's language, which turns a conversation into the text that the model reads.
///
/// It renders what the templates of models use, as Transformers does (`apply_chat_template`): `trim_blocks` and
/// `lstrip_blocks` are on, values do not change, `raise_exception` and `strftime_now` are there, `tools` and `documents`
/// are none. What it does not render it refuses by name, and only where it is reached. Reading and rendering are bounded
/// in nesting, steps and text, so a hostile template costs no more than a refusal.
///
/// Source: the documentation of Jinja 3.1, "Template Designer", and of Transformers, "Chat templates".
public struct ChatTemplate: Sendable {
  private let statements: [Statement]
  private let size: Int

  /// Reads a template.
  ///
  /// - Throws: `ChatTemplateError.syntax`, `.unsupported` for a block that would change how the rest is read,
  ///   `.exceeded` for a template that is too large or nests too deeply.
  public init(_ source: String) throws {
    statements = try Parser.statements(of: source)
    size = source.utf8.count
  }

  /// The text of a conversation.
  ///
  /// - Parameters:
  ///   - messages: each with its role (`system`, `user`, `assistant`) and content.
  ///   - startsAnswer: whether the text ends where the assistant's answer begins (`add_generation_prompt`).
  ///   - specialTokens: the texts of special tokens by the names that templates give them (`bos_token`, `eos_token`).
  ///   - clock: what `strftime_now` writes.
  /// - Throws: `ChatTemplateError.failed`, `.unsupported`, `.refused` with the template's own words, `.exceeded`.
  public func render(
    _ messages: [(role: String, content: String)], startsAnswer: Bool, specialTokens: [String: String] = [:],
    clock: any ChatClock = SystemChatClock()
  ) throws -> String {
    let scope = Scope()
    scope["messages"] = .list(
      messages.map {
        .dictionary(ValueMap([(.string("role"), .string($0.role)), (.string("content"), .string($0.content))]))
      })
    scope["add_generation_prompt"] = .bool(startsAnswer)
    for name in ["tools", "documents"] { scope[name] = Value.none }
    for (name, text) in specialTokens { scope[name] = .string(text) }
    let input = messages.reduce(size) { $0 + $1.role.utf8.count + $1.content.utf8.count }
    var renderer = Renderer(budget: Budget(input: input), clock: clock)
    return try renderer.rendered(statements, in: scope)
  }
}
