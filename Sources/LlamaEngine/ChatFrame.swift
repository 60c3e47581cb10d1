/// What a model's chat template puts around a user's message.
public struct ChatFrame: Hashable, Sendable {
  /// All before the message, with the begin token where the template writes one.
  public var before: String
  /// All after it, up to where the assistant's answer begins.
  public var after: String
  /// Whether the template takes white space from the message's beginning.
  public var trimsStart: Bool
  /// Whether it takes white space from the message's end.
  public var trimsEnd: Bool

  package init(before: String, after: String, trimsStart: Bool = false, trimsEnd: Bool = false) {
    self.before = before
    self.after = after
    self.trimsStart = trimsStart
    self.trimsEnd = trimsEnd
  }

  /// A message as the template shows it.
  ///
  /// - Parameter isOpen: whether more of the message will follow, so that its end stays as it is.
  public func shown(_ message: String, isOpen: Bool = false) -> String {
    let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace || (0x1c...0x1f).contains(scalar.value) }
    var scalars = Substring(message).unicodeScalars
    if trimsStart { scalars = scalars.drop(while: isSpace) }
    if trimsEnd, !isOpen { while let last = scalars.last, isSpace(last) { scalars.removeLast() } }
    return String(scalars)
  }
}

extension LlamaModel {
  /// What the template puts around a user's message that follows a system message, if there is one; without one, the
  /// template's own default system message is part of it.
  ///
  /// - Parameters:
  ///   - system: the system message; nil for none.
  ///   - begins: whether the frame stands at the very beginning, where a begin token is.
  /// - Throws: as `chatPrompt(_:begins:)` does; `EngineError.unsupportedChatTemplate` as well if the template does not show a
  ///   message once, as it is or without the white space at its ends.
  public func chatFrame(system: String? = nil, begins: Bool = true) throws -> ChatFrame {
    try frame(after: system.map { [ChatMessage(role: "system", content: $0)] } ?? [], begins: begins)
  }

  /// What the template puts around a user's message that follows an assistant's answer: `before` begins with what ends
  /// the answer.
  ///
  /// - Throws: as `chatFrame(system:begins:)` does.
  public func chatTurn() throws -> ChatFrame {
    let answer = "\u{F8FD}\u{F8FF}"
    var frame = try frame(
      after: [
        ChatMessage(role: "user", content: "?"), ChatMessage(role: "assistant", content: answer),
      ], begins: true)
    let parts = frame.before.splitOnce(at: answer)
    guard let parts else { throw unsupportedTemplate("it does not show an answer as it is") }
    frame.before = parts.after
    return frame
  }

  private func frame(after messages: [ChatMessage], begins: Bool) throws -> ChatFrame {
    // No text of a template or a person holds these two private-use characters.
    let mark = "\u{F8FE}\u{F8FF}"
    func parts(_ content: String) throws -> (before: String, after: String) {
      let text = try chatPrompt(messages + [ChatMessage(role: "user", content: content)], begins: begins)
      guard let parts = text.splitOnce(at: mark) else { throw unsupportedTemplate("it does not show a message once") }
      return parts
    }
    let (before, after) = try parts(mark)
    let spaced = try parts(" \n" + mark + "\n ")
    let keepsStart = spaced.before.utf8.elementsEqual((before + " \n").utf8)
    let keepsEnd = spaced.after.utf8.elementsEqual(("\n " + after).utf8)
    guard keepsStart || spaced.before.utf8.elementsEqual(before.utf8),
      keepsEnd || spaced.after.utf8.elementsEqual(after.utf8)
    else { throw unsupportedTemplate("it does not show a message as it is") }
    return ChatFrame(before: before, after: after, trimsStart: !keepsStart, trimsEnd: !keepsEnd)
  }
}

extension String {
  /// What stands before and after the one place of `mark`; nil if it has none, or several.
  fileprivate func splitOnce(at mark: String) -> (before: String, after: String)? {
    let scalars = Array(unicodeScalars)
    let mark = Array(mark.unicodeScalars)
    let ranges = scalars.ranges(of: mark)
    guard ranges.count == 1, let range = ranges.first else { return nil }
    func joined(_ part: ArraySlice<Unicode.Scalar>) -> String { String(String.UnicodeScalarView(part)) }
    return (joined(scalars[..<range.lowerBound]), joined(scalars[range.upperBound...]))
  }
}
