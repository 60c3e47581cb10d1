extension Parser {
  /// The block that begins with `keyword`, which has been read.
  mutating func block(_ keyword: String, line: Int) throws -> [Statement] {
    switch keyword {
    case "if": return [try condition(line: line)]
    case "for": return [try loop(line: line)]
    case "set": return [try assignment(line: line)]
    case "macro": return [try macro()]
    case "filter":
      let filters = try self.filters(isFirst: true)
      try closeBlock()
      return [.filter(filters, try plainBody(until: "endfilter"), line: line)]
    case "with": return [try with(line: line)]
    case "break", "continue":
      try closeBlock()
      return [keyword == "break" ? .breakLoop : .continueLoop]
    case "generation":
      // Transformers marks the assistant's text so; nothing is written for it.
      try closeBlock()
      return try plainBody(until: "endgeneration")
    case "call":
      while token.kind != .close(.block), token.kind != .end { advance() }
      try closeBlock()
      _ = try plainBody(until: "endcall")
      return [.unsupported("a 'call' block", line: line)]
    case "include", "import", "from", "extends", "block", "autoescape", "do", "trans":
      throw ChatTemplateError.unsupported(line: line, what: "'\(keyword)'")
    default:
      throw ChatTemplateError.syntax(line: line, what: "unknown block '\(keyword)'")
    }
  }

  private mutating func plainBody(until end: String) throws -> [Statement] {
    let (statements, _) = try body(until: [end])
    // `endset name` and the like may repeat a name.
    if case .name = token.kind { advance() }
    try closeBlock()
    return statements
  }

  private mutating func condition(line: Int) throws -> Statement {
    var branches: [(test: Expression, body: [Statement])] = []
    while true {
      let test = try tuple()
      try closeBlock()
      let (statements, end) = try body(until: ["elif", "else", "endif"])
      branches.append((test, statements))
      if end == "elif" { continue }
      try closeBlock()
      return .condition(branches, otherwise: end == "else" ? try plainBody(until: "endif") : [], line: line)
    }
  }

  private mutating func loop(line: Int) throws -> Statement {
    let target = try target()
    try expectName("in")
    let sequence = try tuple(conditional: false)
    let filter = takesName("if") ? try expression() : nil
    if isName("recursive") { throw ChatTemplateError.unsupported(line: token.line, what: "a recursive loop") }
    try closeBlock()
    let (statements, end) = try body(until: ["else", "endfor"])
    try closeBlock()
    let otherwise = end == "else" ? try plainBody(until: "endfor") : []
    return .loop(
      Loop(target: target, sequence: sequence, filter: filter, body: statements, otherwise: otherwise, line: line))
  }

  private mutating func assignment(line: Int) throws -> Statement {
    let target = try target()
    if takes("=") {
      let value = try tuple()
      try closeBlock()
      return .assign(target, value, line: line)
    }
    let filters = isSymbol("|") ? try filters(isFirst: false) : []
    try closeBlock()
    return .assignBlock(target, filters: filters, try plainBody(until: "endset"), line: line)
  }

  private mutating func with(line: Int) throws -> Statement {
    var values: [(target: Target, value: Expression)] = []
    while token.kind != .close(.block) {
      if !values.isEmpty { try expect(",") }
      let target = Target.name(try name())
      try expect("=")
      values.append((target, try expression()))
    }
    try closeBlock()
    return .with(values, try plainBody(until: "endwith"), line: line)
  }

  private mutating func macro() throws -> Statement {
    let name = try name()
    try expect("(")
    var parameters: [(name: String, standard: Expression?)] = []
    while !takes(")") {
      if !parameters.isEmpty { try expect(",") }
      let parameter = try self.name()
      parameters.append((parameter, takes("=") ? try expression() : nil))
    }
    try closeBlock()
    return .macro(Macro(name: name, parameters: parameters, body: try plainBody(until: "endmacro")))
  }

  /// A name, an attribute of a name, or several with commas.
  private mutating func target() throws -> Target {
    var targets: [Target] = []
    var isTuple = false
    repeat {
      if takes("(") {
        targets.append(try nested { try $0.target() })
        try expect(")")
      } else {
        let name = try name()
        targets.append(takes(".") ? .attribute(of: name, try self.name()) : .name(name))
      }
      guard takes(",") else { break }
      isTuple = true
    } while !isName("in") && !isSymbol("=")
    return isTuple ? .tuple(targets) : targets[0]
  }

  /// Filters with `|` between them; the first has none before it in a filter block.
  private mutating func filters(isFirst: Bool) throws -> [Postfix] {
    var filters: [Postfix] = []
    if isFirst { filters.append(try filter()) }
    while takes("|") { filters.append(try filter()) }
    return filters
  }
}
