import CLlama
import ChatTemplate

/// One message of a conversation.
public struct ChatMessage: Hashable, Sendable {
  /// `system`, `user` or `assistant`.
  public var role: String
  public var content: String

  public init(role: String, content: String) {
    self.role = role
    self.content = content
  }
}

extension LlamaModel {
  /// A conversation in the model's own chat template, ready for the assistant's answer: the text that Transformers'
  /// `apply_chat_template` and llama-cpp-python make. It holds a begin token where the template writes one; tokenize it
  /// with `parseSpecial` and without `addSpecial`.
  ///
  /// - Parameter begins: whether the text stands at the very beginning; elsewhere the template is given no begin token.
  /// - Throws: `EngineError.noChatTemplate` if the model file has none, `EngineError.unsupportedChatTemplate` if it
  ///   cannot be rendered or refuses the conversation.
  public func chatPrompt(_ messages: [ChatMessage], begins: Bool = true) throws -> String {
    guard let source = llama_model_chat_template(handle, nil) else {
      throw EngineError.noChatTemplate(architecture: identity.architecture)
    }
    do {
      return try ChatTemplate(String(cString: source)).render(
        messages.map { ($0.role, $0.content) }, startsAnswer: true,
        specialTokens: specialTexts.merging(begins ? [:] : ["bos_token": ""]) { $1 })
    } catch let error as ChatTemplateError {
      throw unsupportedTemplate("\(error)")
    }
  }

  func unsupportedTemplate(_ reason: String) -> EngineError {
    .unsupportedChatTemplate(architecture: identity.architecture, reason: reason)
  }

  /// The special tokens that templates name, as far as the model has them.
  private var specialTexts: [String: String] {
    let tokens = [
      "bos_token": llama_vocab_bos(vocabulary), "eos_token": llama_vocab_eos(vocabulary),
      "pad_token": llama_vocab_pad(vocabulary),
    ]
    return tokens.filter { $0.value >= 0 }.mapValues { String(cString: llama_vocab_get_text(vocabulary, $0)) }
  }

  /// What every prompt of the model begins with: its begin token if it asks for one, else nothing.
  public var startTokens: [Int32] {
    let token = llama_vocab_bos(vocabulary)
    return llama_vocab_get_add_bos(vocabulary) && token >= 0 ? [token] : []
  }
}
