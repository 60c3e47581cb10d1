extension Renderer {
  /// The value of an expression.
  ///
  /// - Throws: `Failure` where Jinja has none; `ChatTemplateError`.
  mutating func value(of expression: Expression, in scope: Scope) throws -> Value {
    try budget.step()
    try budget.enter()
    defer { budget.leave() }
    switch expression {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .integer(let value): return .integer(value)
    case .float(let value): return .float(value)
    case .string(let text): return .string(text)
    case .name(let name): return scope[name] ?? Self.global(name)
    case .list(let elements): return try built(.list(try values(of: elements, in: scope)))
    case .tuple(let elements): return try built(.tuple(try values(of: elements, in: scope)))
    case .dictionary(let entries):
      let pairs = try entries.map { (try value(of: $0.key, in: scope), try value(of: $0.value, in: scope)) }
      try spend(walks: pairs.count, through: .list(pairs.map(\.0)))
      return try built(.dictionary(ValueMap(pairs)))
    case .arithmetic(let first, let others):
      return try others.reduce(try value(of: first, in: scope)) { left, other in
        try compute(other.0, left, try value(of: other.1, in: scope))
      }
    case .concatenation(let parts):
      let texts = try parts.map { try text(of: try value(of: $0, in: scope)) }
      try budget.spend(bytes: texts.reduce(0) { $0 + $1.utf8.count })
      return .string(texts.joined())
    case .comparison(let first, let others): return .bool(try compares(first, others, in: scope))
    case .and(let terms): return try firstValue(of: terms, in: scope) { !$0.isTrue }
    case .or(let terms): return try firstValue(of: terms, in: scope) { $0.isTrue }
    case .not(let term): return .bool(!(try value(of: term, in: scope).isTrue))
    case .negative(let term): return try signed(try value(of: term, in: scope), isNegative: true)
    case .positive(let term): return try signed(try value(of: term, in: scope), isNegative: false)
    case .conditional(let then, let test, let otherwise):
      if try value(of: test, in: scope).isTrue { return try value(of: then, in: scope) }
      return try otherwise.map { try value(of: $0, in: scope) } ?? .undefined("there is no 'else'")
    case .postfix(let first, let list): return try apply(list, to: try value(of: first, in: scope), in: scope)
    }
  }

  private mutating func values(of expressions: [Expression], in scope: Scope) throws -> [Value] {
    try expressions.map { try value(of: $0, in: scope) }
  }

  /// The first value that `settles` the question, else the last: Python's `and` and `or`.
  private mutating func firstValue(of terms: [Expression], in scope: Scope, settles: (Value) -> Bool) throws -> Value {
    var last = Value.none
    for term in terms {
      last = try value(of: term, in: scope)
      if settles(last) { break }
    }
    return last
  }

  private func signed(_ value: Value, isNegative: Bool) throws -> Value {
    if case .float(let number) = value { return .float(isNegative ? -number : number) }
    guard let number = value.integer, let negated = 0.checked(.subtract, number) else {
      throw Failure("a value of type \(value.typeName) has no sign")
    }
    return .integer(isNegative ? negated : number)
  }

  private mutating func compares(_ first: Expression, _ others: [(Comparison, Expression)], in scope: Scope) throws
    -> Bool
  {
    var left = try value(of: first, in: scope)
    for (comparison, expression) in others {
      let right = try value(of: expression, in: scope)
      guard try compare(comparison, left, right) else { return false }
      left = right
    }
    return true
  }

  mutating func compare(_ comparison: Comparison, _ left: Value, _ right: Value) throws -> Bool {
    try spend(on: comparison, left, right)
    func ordered(_ isLess: Bool?) throws -> Bool {
      guard let isLess else {
        throw Failure("values of types \(left.typeName) and \(right.typeName) have no order")
      }
      return isLess
    }
    func contained() throws -> Bool {
      guard let isIn = left.isContained(in: right) else {
        throw Failure("a value of type \(right.typeName) does not hold one of type \(left.typeName)")
      }
      return isIn
    }
    return switch comparison {
    case .equal: left.equals(right)
    case .unequal: !left.equals(right)
    case .less: try ordered(left.isLess(than: right))
    case .greater: try ordered(right.isLess(than: left))
    case .lessOrEqual: try left.equals(right) || ordered(left.isLess(than: right))
    case .greaterOrEqual: try left.equals(right) || ordered(right.isLess(than: left))
    case .isIn: try contained()
    case .isNotIn: try !contained()
    }
  }

  /// `value` after all that follows it.
  mutating func apply(_ list: [Postfix], to value: Value, in scope: Scope) throws -> Value {
    var value = value
    for postfix in list {
      try budget.step()
      value = try at(postfix.line) { try $0.apply(postfix.kind, to: value, in: scope) }
    }
    return value
  }

  private mutating func apply(_ postfix: Postfix.Kind, to value: Value, in scope: Scope) throws -> Value {
    switch postfix {
    case .attribute(let name):
      if case .dictionary(let map) = value { try budget.spend(work: map.entries.count) }
      return try value.attribute(name)
    case .item(let index): return try item(try self.value(of: index, in: scope), of: value)
    case .slice(let start, let end, let step):
      func bound(_ expression: Expression?) throws -> Int? {
        guard let expression else { return nil }
        let value = try self.value(of: expression, in: scope)
        if case .none = value { return nil }
        guard let bound = value.integer else { throw Failure("a slice cannot begin or end at a \(value.typeName)") }
        return bound
      }
      switch value {
      case .string(let text): try budget.spend(work: text.utf8.count)
      case .list(let values), .tuple(let values): try budget.spend(work: values.count)
      default: break
      }
      return try value.slice(start: try bound(start), end: try bound(end), step: try bound(step))
    case .call(let arguments): return try call(value, try self.arguments(arguments, in: scope))
    case .filter(let name, let arguments):
      return try filter(name, value, try self.arguments(arguments, in: scope))
    case .test(let name, let arguments, let isNegated):
      return .bool(try test(name, value, try self.arguments(arguments, in: scope)) != isNegated)
    }
  }

  /// What Jinja finds under `[index]`.
  mutating func item(_ index: Value, of value: Value) throws -> Value {
    switch value {
    case .string(let text): try budget.spend(work: text.utf8.count)
    case .dictionary(let map):
      try budget.spend(work: map.entries.count)
      try spend(through: index)
    default: break
    }
    return try value.item(index)
  }

  private mutating func arguments(_ arguments: Arguments, in scope: Scope) throws -> CallArguments {
    var positional = try values(of: arguments.positional, in: scope)
    if let rest = try arguments.rest.map({ try value(of: $0, in: scope) }) {
      guard let elements = try elements(of: rest) else {
        throw Failure("a value of type \(rest.typeName) has no elements to be arguments")
      }
      try budget.spend(elements: elements.count)
      positional += elements
    }
    return CallArguments(
      positional: positional,
      named: try arguments.named.map { ($0.name, try value(of: $0.value, in: scope)) })
  }
}
