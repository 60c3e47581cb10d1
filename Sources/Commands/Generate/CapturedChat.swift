import LlamaEngine

/// How a captured prompt stands in a conversation; the capture's provenance says so under `chat_template`.
public enum CapturedChat: String, Hashable, Sendable, CaseIterable {
  /// Not at all: the text as it is.
  case off
  /// As a user's whole message, up to where the assistant's answer begins.
  case on
  /// As the beginning of a user's message, which ends with the cache: a question can follow.
  case open

  /// The name of the line of provenance.
  static let key = "chat_template"

  /// What a cache's provenance says; `off` if it says nothing that is known.
  init(provenance: [String: String]) { self = provenance[Self.key].flatMap(Self.init) ?? .off }

  /// The tokens of a prompt.
  ///
  /// `off` is tokenized whole, with the model's begin token. Otherwise the tokens are those of the template's text
  /// (`LlamaModel.chatTokens`), in which a document cannot end its own message.
  ///
  /// - Throws: `EngineError`.
  func tokens(of prompt: String, system: String?, model: LlamaModel) throws -> [Int32] {
    self == .off
      ? try model.tokenize(prompt) : try model.chatTokens(of: prompt, system: system, isOpen: self == .open)
  }
}
