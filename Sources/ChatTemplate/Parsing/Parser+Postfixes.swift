extension Parser {
  /// `value` with all that follows it directly.
  mutating func postfixes(of value: Expression, takesFilters: Bool = true) throws -> Expression {
    var list: [Postfix] = []
    while let found = try postfix(takesFilters: takesFilters) { list.append(found) }
    return list.isEmpty ? value : .postfix(value, list)
  }

  private mutating func postfix(takesFilters: Bool) throws -> Postfix? {
    let line = token.line
    if takes(".") {
      if case .integer(let index) = token.kind {
        advance()
        return Postfix(kind: .item(.integer(index)), line: line)
      }
      return Postfix(kind: .attribute(try name()), line: line)
    }
    if takes("[") { return Postfix(kind: try nested { try $0.subscripted() }, line: line) }
    if takes("(") { return Postfix(kind: .call(try arguments()), line: line) }
    if takesFilters, takes("|") { return try filter() }
    if takesFilters, takesName("is") { return try test(line: line) }
    return nil
  }

  /// A filter's name and arguments.
  mutating func filter() throws -> Postfix {
    let line = token.line
    let name = try name()
    return Postfix(kind: .filter(name, takes("(") ? try arguments() : Arguments()), line: line)
  }

  private mutating func test(line: Int) throws -> Postfix {
    let isNegated = takesName("not")
    let name = try name()
    var arguments = Arguments()
    if takes("(") {
      arguments = try self.arguments()
    } else if takesBareArgument {
      // `x is divisibleby 3`.
      arguments.positional = [try nested { try $0.bareArgument() }]
    }
    return Postfix(kind: .test(name, arguments, isNegated: isNegated), line: line)
  }

  private var takesBareArgument: Bool {
    switch token.kind {
    case .name(let name): !["else", "or", "and", "is", "if", "in", "not", "recursive"].contains(name)
    case .string, .integer, .float, .symbol("["), .symbol("{"): true
    default: false
    }
  }

  private mutating func bareArgument() throws -> Expression {
    try postfixes(of: try primary(), takesFilters: false)
  }

  private mutating func arguments() throws -> Arguments {
    var arguments = Arguments()
    _ = try elements(until: ")") { parser in
      if parser.isSymbol("**") {
        throw ChatTemplateError.unsupported(line: parser.token.line, what: "'**' before an argument")
      }
      if arguments.rest == nil, parser.takes("*") {
        arguments.rest = try parser.expression()
      } else if case .name(let name) = parser.token.kind, parser.next.kind == .symbol("=") {
        parser.advance()
        parser.advance()
        arguments.named.append((name, try parser.expression()))
      } else {
        guard arguments.named.isEmpty, arguments.rest == nil else {
          throw parser.unexpected("an argument with its name")
        }
        arguments.positional.append(try parser.expression())
      }
    }
    return arguments
  }

  /// What stands between brackets: an index, or the parts of a slice.
  private mutating func subscripted() throws -> Postfix.Kind {
    var parts: [Expression?] = []
    var part: Expression?
    while !takes("]") {
      if takes(":") {
        parts.append(part)
        part = nil
      } else {
        guard part == nil else { throw unexpected("']'") }
        part = try tuple()
      }
    }
    parts.append(part)
    guard parts.count <= 3 else { throw unexpected("']' of a slice") }
    if parts.count > 1 { return .slice(start: parts[0], end: parts[1], step: parts.count == 3 ? parts[2] : nil) }
    guard let part else { throw unexpected("an index") }
    return .item(part)
  }
}
