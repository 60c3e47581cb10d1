import CLlama

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

/// What a model's chat template puts around a user's message.
public struct ChatFrame: Hashable, Sendable {
  /// All before the message; a begin token is not part of it.
  public var before: String
  /// All behind it, up to where the assistant's answer begins.
  public var after: String
}

extension LlamaModel {
  /// A conversation in the model's own chat template, ready for the assistant's answer; a begin token is not part of
  /// it. Tokenize the result with `parseSpecial`.
  ///
  /// - Throws: `EngineError.noChatTemplate` if the model file has none, `EngineError.unsupportedChatTemplate` if
  ///   llama.cpp does not know the one it has.
  public func chatPrompt(_ messages: [ChatMessage]) throws -> String {
    guard let template = llama_model_chat_template(handle, nil) else {
      throw EngineError.noChatTemplate(architecture: identity.architecture)
    }
    let texts = messages.flatMap { [$0.role, $0.content] }.map { Array($0.utf8CString) }
    let starts = texts.reduce(into: [0]) { $0.append($0.last! + $1.count) }
    let bytes: [CChar] = try texts.flatMap { $0 }.withUnsafeBufferPointer { characters in
      let chat = messages.indices.map {
        llama_chat_message(
          role: characters.baseAddress! + starts[2 * $0], content: characters.baseAddress! + starts[2 * $0 + 1])
      }
      var buffer = [CChar](repeating: 0, count: characters.count + 1024)
      var length = llama_chat_apply_template(template, chat, chat.count, true, &buffer, Int32(buffer.count))
      if length > buffer.count {
        buffer = [CChar](repeating: 0, count: Int(length))
        length = llama_chat_apply_template(template, chat, chat.count, true, &buffer, Int32(buffer.count))
      }
      guard length >= 0 else { throw EngineError.unsupportedChatTemplate(architecture: identity.architecture) }
      return Array(buffer.prefix(Int(length)))
    }
    return String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// What the template puts around a user's message that follows a system message, if there is one.
  ///
  /// - Throws: as `chatPrompt(_:)` does; `EngineError.unsupportedChatTemplate` as well if the template does not show a
  ///   message as it is, once.
  public func chatFrame(system: String? = nil) throws -> ChatFrame {
    // No text of a template or a person holds these two private-use characters.
    let mark = "\u{F8FE}\u{F8FF}"
    let user = ChatMessage(role: "user", content: mark)
    let text = try chatPrompt(system.map { [ChatMessage(role: "system", content: $0), user] } ?? [user])
    let scalars = Array(text.unicodeScalars)
    let places = scalars.indices.dropLast().filter { scalars[$0] == "\u{F8FE}" && scalars[$0 + 1] == "\u{F8FF}" }
    guard places.count == 1, let place = places.first else {
      throw EngineError.unsupportedChatTemplate(architecture: identity.architecture)
    }
    func joined(_ part: ArraySlice<Unicode.Scalar>) -> String { String(String.UnicodeScalarView(part)) }
    return ChatFrame(before: joined(scalars[..<place]), after: joined(scalars[(place + 2)...]))
  }

  /// What every prompt of the model begins with: its begin token if it asks for one, else nothing.
  public var startTokens: [Int32] {
    let token = llama_vocab_bos(vocabulary)
    return llama_vocab_get_add_bos(vocabulary) && token >= 0 ? [token] : []
  }
}
