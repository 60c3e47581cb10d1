/// Renders statements to text.
struct Renderer {
  /// How a list of statements ended.
  enum Flow { case normal, breaksLoop, continuesLoop }

  var budget: Budget
  /// The time that `strftime_now` writes.
  let clock: any ChatClock
  /// What is to be released in the end.
  var owned: [any Owned] = []

  /// The whole of a rendering.
  mutating func rendered(_ statements: [Statement], in scope: Scope) throws -> String {
    defer { for object in owned { object.release() } }
    return try text(of: statements, in: scope)
  }

  mutating func render(_ statements: [Statement], in scope: Scope, to output: inout String) throws -> Flow {
    try budget.enter()
    defer { budget.leave() }
    for statement in statements {
      try budget.step()
      let flow = try render(statement, in: scope, to: &output)
      if flow != .normal { return flow }
    }
    return .normal
  }

  /// What statements write, as a text of its own.
  mutating func text(of statements: [Statement], in scope: Scope) throws -> String {
    var text = ""
    _ = try render(statements, in: scope, to: &text)
    return text
  }

  private mutating func render(_ statement: Statement, in scope: Scope, to output: inout String) throws -> Flow {
    switch statement {
    case .text(let text): try write(text, to: &output)
    case .output(let expression, let line):
      try write(try at(line) { try $0.text(of: try $0.value(of: expression, in: scope)) }, to: &output)
    case .condition(let branches, let otherwise, let line):
      for branch in branches where try at(line, { try $0.value(of: branch.test, in: scope).isTrue }) {
        return try render(branch.body, in: scope, to: &output)
      }
      return try render(otherwise, in: scope, to: &output)
    case .loop(let loop): try render(loop, in: scope, to: &output)
    case .assign(let target, let expression, let line):
      try at(line) { try $0.assign(try $0.value(of: expression, in: scope), to: target, in: scope) }
    case .assignBlock(let target, let filters, let body, let line):
      let text = Value.string(try text(of: body, in: Scope(in: scope)))
      try at(line) { try $0.assign(try $0.apply(filters, to: text, in: scope), to: target, in: scope) }
    case .macro(let macro):
      try budget.spend(elements: 2)
      owned.append(scope)
      scope[macro.name] = .macro(BoundMacro(macro, scope: scope))
    case .filter(let filters, let body, let line):
      let text = Value.string(try text(of: body, in: Scope(in: scope)))
      try write(try at(line) { try $0.text(of: try $0.apply(filters, to: text, in: scope)) }, to: &output)
    case .with(let values, let body, let line):
      let inner = Scope(in: scope)
      for (target, value) in values {
        try at(line) { try $0.assign(try $0.value(of: value, in: scope), to: target, in: inner) }
      }
      return try render(body, in: inner, to: &output)
    case .breakLoop: return .breaksLoop
    case .continueLoop: return .continuesLoop
    case .unsupported(let what, let line): throw ChatTemplateError.unsupported(line: line, what: what)
    }
    return .normal
  }

  private mutating func write(_ text: String, to output: inout String) throws {
    try budget.spend(bytes: text.utf8.count)
    output += text
  }

  /// Does `work`; a failure in it is one of `line`.
  mutating func at<T>(_ line: Int, _ work: (inout Renderer) throws -> T) throws -> T {
    do { return try work(&self) } catch let failure as Failure {
      throw failure.isUnsupported
        ? ChatTemplateError.unsupported(line: line, what: failure.what)
        : ChatTemplateError.failed(line: line, what: failure.what)
    }
  }

  mutating func assign(_ value: Value, to target: Target, in scope: Scope) throws {
    switch target {
    case .name(let name): scope[name] = value
    case .attribute(let owner, let name):
      guard case .namespace(let namespace)? = scope[owner] else { throw Failure("'\(owner)' is no namespace") }
      namespace.attributes[name] = value
    case .tuple(let targets):
      guard let values = try elements(of: value), values.count == targets.count else {
        throw Failure("a value of type \(value.typeName) has not the \(targets.count) parts that are assigned")
      }
      for (target, value) in zip(targets, values) { try assign(value, to: target, in: scope) }
    }
  }
}
