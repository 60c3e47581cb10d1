extension Parser {
  /// One expression, or several with commas as a tuple.
  mutating func tuple(conditional: Bool = true) throws -> Expression {
    func element(_ parser: inout Parser) throws -> Expression {
      try conditional ? parser.expression() : parser.nested { try $0.or() }
    }
    let first = try element(&self)
    guard isSymbol(",") else { return first }
    var elements = [first]
    while takes(",") {
      if isSymbol(")") || token.kind == .close(.block) || token.kind == .close(.output) { break }
      elements.append(try element(&self))
    }
    return .tuple(elements)
  }

  /// An expression with `if` and `else`.
  mutating func expression() throws -> Expression {
    try nested { parser in
      var value = try parser.or()
      while parser.takesName("if") {
        let test = try parser.or()
        let otherwise = parser.takesName("else") ? try parser.expression() : nil
        value = .conditional(then: value, test: test, otherwise: otherwise)
      }
      return value
    }
  }

  mutating func or() throws -> Expression {
    var terms = [try and()]
    while takesName("or") { terms.append(try and()) }
    return terms.count == 1 ? terms[0] : .or(terms)
  }

  private mutating func and() throws -> Expression {
    var terms = [try not()]
    while takesName("and") { terms.append(try not()) }
    return terms.count == 1 ? terms[0] : .and(terms)
  }

  private mutating func not() throws -> Expression {
    guard takesName("not") else { return try comparison() }
    return .not(try nested { try $0.not() })
  }

  private mutating func comparison() throws -> Expression {
    let first = try sum()
    var others: [(Comparison, Expression)] = []
    while true {
      var found: Comparison?
      if case .symbol(let symbol) = token.kind { found = Comparison(rawValue: symbol) }
      if isName("in") { found = .isIn }
      if isName("not"), next.kind == .name("in") {
        found = .isNotIn
        advance()
      }
      guard let found else { break }
      advance()
      others.append((found, try sum()))
    }
    return others.isEmpty ? first : .comparison(first, others)
  }

  private mutating func sum() throws -> Expression {
    try arithmetic([.add, .subtract]) { parser in
      var terms = [try parser.product()]
      while parser.takes("~") { terms.append(try parser.product()) }
      return terms.count == 1 ? terms[0] : .concatenation(terms)
    }
  }

  private mutating func product() throws -> Expression {
    try arithmetic([.multiply, .divide, .floorDivide, .remainder]) { parser in
      try parser.arithmetic([.power]) { try $0.unary() }
    }
  }

  private mutating func arithmetic(_ operators: [Arithmetic], _ read: (inout Parser) throws -> Expression) throws
    -> Expression
  {
    let first = try read(&self)
    var others: [(Arithmetic, Expression)] = []
    while case .symbol(let symbol) = token.kind, let found = Arithmetic(rawValue: symbol), operators.contains(found) {
      advance()
      others.append((found, try read(&self)))
    }
    return others.isEmpty ? first : .arithmetic(first, others)
  }

  /// A sign binds closer than a filter: `-1|abs` is 1.
  private mutating func unary(takesFilters: Bool = true) throws -> Expression {
    let value: Expression =
      if takes("-") {
        .negative(try nested { try $0.unary(takesFilters: false) })
      } else if takes("+") {
        .positive(try nested { try $0.unary(takesFilters: false) })
      } else {
        try primary()
      }
    return try postfixes(of: value, takesFilters: takesFilters)
  }

  mutating func primary() throws -> Expression {
    switch token.kind {
    case .name(let name):
      advance()
      return switch name {
      case "true", "True": .bool(true)
      case "false", "False": .bool(false)
      case "none", "None": .none
      default: .name(name)
      }
    case .string:
      var text = ""
      while case .string(let part) = token.kind {
        text += part
        advance()
      }
      return .string(text)
    case .integer(let value):
      advance()
      return .integer(value)
    case .float(let value):
      advance()
      return .float(value)
    case .symbol("("):
      advance()
      if takes(")") { return .tuple([]) }
      let value = try nested { try $0.tuple() }
      try expect(")")
      return value
    case .symbol("["):
      advance()
      return .list(try elements(until: "]") { try $0.expression() })
    case .symbol("{"):
      advance()
      return .dictionary(
        try elements(until: "}") { parser in
          let key = try parser.expression()
          try parser.expect(":")
          return (key, try parser.expression())
        })
    default: throw unexpected("a value")
    }
  }

  mutating func elements<T>(until end: String, _ read: (inout Parser) throws -> T) throws -> [T] {
    var elements: [T] = []
    while !takes(end) {
      if !elements.isEmpty {
        try expect(",")
        if takes(end) { break }
      }
      elements.append(try nested(read))
    }
    return elements
  }
}
