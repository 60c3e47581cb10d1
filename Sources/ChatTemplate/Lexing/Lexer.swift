/// Cuts a template into tokens, with Jinja's rules for white space as Transformers sets them: `trim_blocks` takes one
/// line feed after a block, `lstrip_blocks` the blanks before a block that stands first on its line, `-` all white space
/// at its side, `+` keeps it. One line feed at the template's end is dropped.
struct Lexer {
  let source: [Unicode.Scalar]
  var position = 0
  var line = 1
  var tokens: [Token] = []
  /// Whether what was read last ended a line.
  var isAtLineStart = true

  /// The most scalars of a template; the longest that models ship have a tenth of it.
  static let mostScalars = 1 << 20

  init(_ text: String) throws {
    guard text.utf8.count <= Self.mostScalars else {
      throw ChatTemplateError.exceeded(what: "bytes", limit: Self.mostScalars)
    }
    var scalars: [Unicode.Scalar] = []
    var previous: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      if scalar == "\r" {
        scalars.append("\n")
      } else if scalar != "\n" || previous != "\r" {
        scalars.append(scalar)
      }
      previous = scalar
    }
    if scalars.last == "\n" { scalars.removeLast() }
    source = scalars
  }

  /// All tokens, `end` last.
  static func tokens(of text: String) throws -> [Token] {
    var lexer = try Lexer(text)
    while lexer.position < lexer.source.count { try lexer.readPart() }
    lexer.add(.end)
    return lexer.tokens
  }

  mutating func add(_ kind: Token.Kind) { tokens.append(Token(kind: kind, line: line)) }

  func has(_ text: StaticString, at index: Int) -> Bool {
    var index = index
    for byte in UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount) {
      guard index < source.count, source[index].value == UInt32(byte) else { return false }
      index += 1
    }
    return true
  }

  /// Moves to `end` and counts the lines on the way.
  mutating func move(to end: Int) {
    for scalar in source[position..<end] where scalar == "\n" { line += 1 }
    if end > position { isAtLineStart = source[end - 1] == "\n" }
    position = end
  }

  func skippingSpace(from index: Int) -> Int {
    var index = index
    while index < source.count, source[index].isPythonSpace { index += 1 }
    return index
  }

  /// Text up to the next tag, and that tag.
  private mutating func readPart() throws {
    var open = position
    while open < source.count, !has("{{", at: open), !has("{%", at: open), !has("{#", at: open) { open += 1 }
    let isOutput = has("{{", at: open)
    addText(upTo: open, stripsLine: open < source.count && !isOutput)
    guard open < source.count else { return move(to: open) }
    let isComment = has("{#", at: open)
    move(to: min(source.count, open + (hasSign(at: open + 2) ? 3 : 2)))
    if isComment { return try readComment() }
    if !isOutput, try readRaw() { return }
    add(.open(isOutput ? .output : .block))
    try readExpression(in: isOutput ? .output : .block)
  }

  private func hasSign(at index: Int) -> Bool { has("-", at: index) || has("+", at: index) }

  /// Adds the text before a tag at `end`, without the white space that the tag's sign or place takes.
  private mutating func addText(upTo end: Int, stripsLine: Bool) {
    var text = source[position..<end]
    if has("-", at: end + 2), end < source.count {
      while text.last?.isPythonSpace == true { text.removeLast() }
    } else if stripsLine, !has("+", at: end + 2) {
      let lineStart = text.lastIndex(of: "\n").map { $0 + 1 } ?? text.startIndex
      if lineStart > text.startIndex || isAtLineStart, text[lineStart...].allSatisfy(\.isPythonSpace) {
        text = text[..<lineStart]
      }
    }
    if !text.isEmpty { add(.text(String(String.UnicodeScalarView(text)))) }
    move(to: end)
  }

  /// Moves past `%}` or `#}` at `index` with its sign and the white space that it takes; false if it does not stand there.
  mutating func closes(_ close: StaticString, trimsLine: Bool, at index: Int) -> Bool {
    if has(close, at: index) {
      move(to: index + 2)
      if trimsLine, has("\n", at: position) { move(to: position + 1) }
    } else if has("-", at: index), has(close, at: index + 1) {
      move(to: index + 3)
      move(to: skippingSpace(from: position))
    } else if trimsLine, has("+", at: index), has(close, at: index + 1) {
      move(to: index + 3)
    } else {
      return false
    }
    return true
  }

  private mutating func readComment() throws {
    let start = line
    for index in position..<source.count where closes("#}", trimsLine: true, at: index) { return }
    throw ChatTemplateError.syntax(line: start, what: "a comment has no end")
  }

  /// Reads `raw` and all up to `endraw` after a block's beginning; false if it is another block.
  private mutating func readRaw() throws -> Bool {
    guard let inner = after("raw", from: position) else { return false }
    let start = line
    if has("%}", at: inner) {
      move(to: inner + 2)
    } else if has("-%}", at: inner) {
      move(to: skippingSpace(from: inner + 3))
    } else {
      return false
    }
    for open in position..<max(position, source.count) where has("{%", at: open) {
      guard let close = after("endraw", from: open + (hasSign(at: open + 2) ? 3 : 2)),
        has("%}", at: close) || (hasSign(at: close) && has("%}", at: close + 1))
      else { continue }
      addText(upTo: open, stripsLine: true)
      _ = closes("%}", trimsLine: true, at: close)
      return true
    }
    throw ChatTemplateError.syntax(line: start, what: "'raw' has no 'endraw'")
  }

  /// Where what follows a word and white space around it begins; nil if another word stands there.
  private func after(_ word: StaticString, from index: Int) -> Int? {
    let start = skippingSpace(from: index)
    return has(word, at: start) ? skippingSpace(from: start + word.utf8CodeUnitCount) : nil
  }
}
