/// Turns tokens into statements.
struct Parser {
  private let tokens: [Token]
  private var index = 0
  /// How many expressions and blocks are open.
  private var depth = 0

  /// The most expressions and blocks within each other.
  static let mostNested = 64

  init(tokens: [Token]) { self.tokens = tokens }

  /// The statements of a template.
  ///
  /// - Throws: `ChatTemplateError.syntax`, `.unsupported`, `.exceeded`.
  static func statements(of text: String) throws -> [Statement] {
    var parser = Parser(tokens: try Lexer.tokens(of: text))
    let (statements, _) = try parser.body(until: [])
    return statements
  }

  var token: Token { tokens[index] }
  var next: Token { tokens[min(index + 1, tokens.count - 1)] }

  mutating func advance() { index = min(index + 1, tokens.count - 1) }

  func isSymbol(_ symbol: String) -> Bool { token.kind == .symbol(symbol) }
  func isName(_ name: String) -> Bool { token.kind == .name(name) }

  mutating func takes(_ symbol: String) -> Bool {
    guard isSymbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func takesName(_ name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: String) throws {
    guard takes(symbol) else { throw unexpected("'\(symbol)'") }
  }

  mutating func expectName(_ name: String) throws {
    guard takesName(name) else { throw unexpected("'\(name)'") }
  }

  mutating func name() throws -> String {
    guard case .name(let name) = token.kind else { throw unexpected("a name") }
    advance()
    return name
  }

  func unexpected(_ wanted: String) -> ChatTemplateError {
    .syntax(line: token.line, what: "\(token.name) stands where \(wanted) must")
  }

  /// Counts what `read` reads as one level deeper.
  mutating func nested<T>(_ read: (inout Parser) throws -> T) throws -> T {
    guard depth < Self.mostNested else {
      throw ChatTemplateError.exceeded(what: "levels of nesting", limit: Self.mostNested)
    }
    depth += 1
    defer { depth -= 1 }
    return try read(&self)
  }

  /// Statements up to a block that begins with one of `ends`, whose name is taken and returned; up to the template's end
  /// if there are none.
  mutating func body(until ends: Set<String>) throws -> (statements: [Statement], end: String) {
    let start = token.line
    var statements: [Statement] = []
    while true {
      switch token.kind {
      case .text(let text):
        statements.append(.text(text))
        advance()
      case .open(.output):
        let line = token.line
        advance()
        statements.append(.output(try tuple(), line: line))
        guard token.kind == .close(.output) else { throw unexpected("'}}'") }
        advance()
      case .open(.block):
        advance()
        let line = token.line
        let keyword = try name()
        if ends.contains(keyword) { return (statements, keyword) }
        statements += try nested { try $0.block(keyword, line: line) }
      case .end where ends.isEmpty:
        return (statements, "")
      case .end:
        throw ChatTemplateError.syntax(line: start, what: "'\(ends.sorted().joined(separator: "' or '"))' is missing")
      default:
        throw unexpected("text or a tag")
      }
    }
  }

  mutating func closeBlock() throws {
    guard token.kind == .close(.block) else { throw unexpected("'%}'") }
    advance()
  }
}
