extension Lexer {
  private static let symbols: [StaticString] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "=", "<", ">", ".", ",", ":", "|", "(", ")", "[",
    "]", "{", "}",
  ]

  /// The tokens of a tag up to its end, the end included.
  mutating func readExpression(in tag: Token.Tag) throws {
    let start = line
    var brackets: [Unicode.Scalar] = []
    while true {
      move(to: skippingSpace(from: position))
      guard position < source.count else { throw ChatTemplateError.syntax(line: start, what: "a tag has no end") }
      // Within brackets, `}}` are two brackets.
      if brackets.isEmpty,
        tag == .output
          ? closes("}}", trimsLine: false, at: position) : closes("%}", trimsLine: true, at: position)
      {
        return add(.close(tag))
      }
      let scalar = source[position]
      if scalar == "'" || scalar == "\"" {
        try readString(quote: scalar)
      } else if scalar.isDigit {
        try readNumber()
      } else if scalar.isNamePart {
        let end = source[position...].firstIndex { !$0.isNamePart } ?? source.count
        add(.name(text(to: end)))
        move(to: end)
      } else if let symbol = Self.symbols.first(where: { has($0, at: position) }) {
        try follow(scalar, &brackets)
        add(.symbol("\(symbol)"))
        move(to: position + symbol.utf8CodeUnitCount)
      } else {
        throw ChatTemplateError.syntax(line: line, what: "unexpected \(scalar.debugDescription)")
      }
    }
  }

  private func follow(_ scalar: Unicode.Scalar, _ brackets: inout [Unicode.Scalar]) throws {
    let closing: [Unicode.Scalar: Unicode.Scalar] = ["(": ")", "[": "]", "{": "}"]
    if let close = closing[scalar] {
      brackets.append(close)
    } else if scalar == ")" || scalar == "]" || scalar == "}", brackets.popLast() != scalar {
      throw ChatTemplateError.syntax(line: line, what: "unexpected '\(scalar)'")
    }
  }

  private func text(to end: Int) -> String { String(String.UnicodeScalarView(source[position..<end])) }

  private mutating func readNumber() throws {
    func digits(from index: Int) -> Int {
      source[index...].firstIndex { !$0.isDigit && $0 != "_" } ?? source.count
    }
    func isDigit(at index: Int) -> Bool { index < source.count && source[index].isDigit }
    var end = digits(from: position)
    var isFloat = false
    if has(".", at: end), isDigit(at: end + 1) { (end, isFloat) = (digits(from: end + 1), true) }
    if has("e", at: end) || has("E", at: end) {
      let power = has("+", at: end + 1) || has("-", at: end + 1) ? end + 2 : end + 1
      if isDigit(at: power) { (end, isFloat) = (digits(from: power), true) }
    }
    let written = text(to: end).filter { $0 != "_" }
    if isFloat, let value = Double(written), value.isFinite {
      add(.float(value))
    } else if !isFloat, let value = Int(written), end == source.count || !source[end].isNamePart {
      add(.integer(value))
    } else {
      throw ChatTemplateError.unsupported(line: line, what: "the number \(written.prefix(40))")
    }
    move(to: end)
  }

  /// A string literal; its escapes are Python's.
  private mutating func readString(quote: Unicode.Scalar) throws {
    var value = String.UnicodeScalarView()
    var index = position + 1
    while index < source.count, source[index] != quote {
      guard source[index] == "\\", index + 1 < source.count else {
        value.append(source[index])
        index += 1
        continue
      }
      index = try readEscape(at: index + 1, into: &value)
    }
    guard index < source.count else { throw ChatTemplateError.syntax(line: line, what: "a string has no end") }
    add(.string(String(value)))
    move(to: index + 1)
  }

  /// What follows a backslash; returns where it ends.
  private func readEscape(at index: Int, into value: inout String.UnicodeScalarView) throws -> Int {
    let simple: [Unicode.Scalar: Unicode.Scalar] = [
      "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{c}",
      "v": "\u{b}",
    ]
    let lengths: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]
    let scalar = source[index]
    if scalar == "\n" { return index + 1 }
    if let plain = simple[scalar] {
      value.append(plain)
      return index + 1
    }
    if let length = lengths[scalar] {
      let digits = source[(index + 1)...].prefix(length)
      guard digits.count == length, let code = UInt32(String(String.UnicodeScalarView(digits)), radix: 16),
        let scalar = Unicode.Scalar(code)
      else { throw ChatTemplateError.syntax(line: line, what: "an escape sequence is no character") }
      value.append(scalar)
      return index + 1 + length
    }
    let octal = source[index...].prefix(3).prefix { ("0"..."7").contains($0) }
    if let code = UInt32(String(String.UnicodeScalarView(octal)), radix: 8), let scalar = Unicode.Scalar(code) {
      value.append(scalar)
      return index + octal.count
    }
    value.append("\\")
    value.append(scalar)
    return index + 1
  }
}
