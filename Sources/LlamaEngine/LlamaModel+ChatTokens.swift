import CLlama

extension LlamaModel {
  /// The tokens of a user's message, up to where the assistant's answer begins, or up to the message's end where it stays
  /// open.
  ///
  /// They are those of the whole text, as Transformers and llama-cpp-python have them. Where the message names control
  /// tokens, it is tokenized by itself without any, so that a document cannot end its own message.
  ///
  /// - Throws: as `chatFrame(system:begins:)` does; `EngineError.unsupportedChatTemplate` if the template changes this message.
  public func chatTokens(of message: String, system: String? = nil, isOpen: Bool = false) throws -> [Int32] {
    let frame = try chatFrame(system: system)
    if !isOpen {
      let system = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
      let whole = try chatPrompt(system + [ChatMessage(role: "user", content: message)])
      guard whole.utf8.elementsEqual((frame.before + frame.shown(message) + frame.after).utf8) else {
        throw unsupportedTemplate("it changes the message")
      }
    }
    return try tokens(frame.before, frame.shown(message, isOpen: isOpen), isOpen ? "" : frame.after, begins: true)
  }

  /// The tokens of a user's turn that follows what is cached, up to where the assistant's answer begins.
  ///
  /// - Parameters:
  ///   - message: the turn's text.
  ///   - system: the system message of a conversation that begins here; nil goes on with the one before.
  ///   - isAnswer: whether the cached text is an answer, which the template ends first.
  ///   - last: the last cached token, if it is known. An end token is not fed twice.
  ///   - parsesControl: whether control tokens that the message names become those tokens.
  /// - Throws: as `chatFrame(system:begins:)` does.
  public func turnTokens(
    of message: String, system: String? = nil, isAnswer: Bool, last: Int32?, parsesControl: Bool = false
  ) throws -> [Int32] {
    let turn = try chatTurn()
    let (end, rest) = try splitAtEnd(turn.before)
    let gap = String(rest.prefix(while: \.isWhitespace))
    var frame = turn
    frame.before = String(rest.drop(while: \.isWhitespace))
    if let system { frame = try chatFrame(system: system, begins: false) }
    let isEnded = last.map(isEndOfGeneration) ?? false
    let before = (isEnded ? gap : isAnswer ? end + gap : "") + frame.before
    return try tokens(before, frame.shown(message), frame.after, parsesControl: parsesControl)
  }

  /// The tokens of the rest of a message that is open, and of what the template puts after it.
  ///
  /// - Parameters:
  ///   - rest: empty for none.
  ///   - parsesControl: whether control tokens that the rest names become those tokens.
  /// - Throws: as `chatFrame(system:begins:)` does.
  public func closingTokens(of rest: String, parsesControl: Bool = false) throws -> [Int32] {
    var frame = try chatFrame()
    frame.trimsStart = false
    return try tokens("", frame.shown(rest), frame.after, parsesControl: parsesControl)
  }

  /// A text before a turn, cut after the token that ends the answer before it; nothing ends it where the template writes
  /// no such token.
  private func splitAtEnd(_ text: String) throws -> (end: String, rest: String) {
    let tokens = try tokenize(text, addSpecial: false, parseSpecial: true)
    guard let token = tokens.first(where: isEndOfGeneration) else { return ("", text) }
    let mark = String(cString: llama_vocab_get_text(vocabulary, token))
    guard let place = text.firstRange(of: mark) else { return ("", text) }
    return (String(text[..<place.upperBound]), String(text[place.upperBound...]))
  }

  /// - Parameter begins: whether the text stands at the very beginning.
  private func tokens(
    _ before: String, _ message: String, _ after: String, begins: Bool = false, parsesControl: Bool = false
  ) throws -> [Int32] {
    func template(_ text: String, begins: Bool) throws -> [Int32] {
      try begins
        ? tokenize(text, addSpecial: false, parseSpecial: true) : tokenize(following: text, parseSpecial: true)
    }
    if try parsesControl || controlTexts(in: message).isEmpty {
      return try template(before + message + after, begins: begins)
    }
    return try template(before, begins: begins) + tokenize(following: message) + template(after, begins: false)
  }
}
