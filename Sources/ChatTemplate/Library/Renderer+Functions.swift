extension Renderer {
  private static let functions: Set<String> = ["range", "namespace", "dict", "raise_exception", "strftime_now"]

  /// What a name is that no scope has.
  static func global(_ name: String) -> Value {
    functions.contains(name) ? .function(name) : .undefined("'\(name)' is undefined")
  }

  mutating func call(_ callee: Value, _ arguments: CallArguments) throws -> Value {
    switch callee {
    case .undefined(let what): throw Failure(what)
    case .macro(let macro): return .string(try call(macro, arguments))
    case .method(let value, let name): return try call(method: name, of: value, arguments)
    case .function(let name): return try call(name, arguments)
    default: throw Failure("a value of type \(callee.typeName) cannot be called")
    }
  }

  mutating func call(method name: String, of value: Value, _ arguments: CallArguments) throws -> Value {
    for argument in arguments.positional { try spend(through: argument) }
    switch value {
    case .string(let text):
      // What asks for each character's properties takes longer.
      let isSlow = name.hasPrefix("is") || ["upper", "lower", "title", "capitalize"].contains(name)
      try budget.spend(work: text.utf8.count * (isSlow ? 16 : 4))
      if name == "splitlines" { try budget.check(elements: text.unicodeScalars.count(where: \.isPythonLineEnd)) }
    case .dictionary(let map): try budget.spend(work: map.entries.count)
    default: try spend(through: value)
    }
    let result = try Methods.call(name, of: value, arguments, &budget)
    try spend(on: result)
    return result
  }

  /// Counts what a function made.
  mutating func spend(on value: Value) throws {
    switch value {
    case .string(let text): try budget.spend(bytes: text.utf8.count)
    case .list(let values), .tuple(let values): try budget.spend(elements: values.count)
    default: break
    }
  }

  private mutating func call(_ name: String, _ arguments: CallArguments) throws -> Value {
    switch name {
    case "range": return .list(try range(arguments))
    case "namespace":
      var attributes: [String: Value] = [:]
      if case .dictionary(let map)? = arguments.positional.first {
        for case (.string(let name), let value) in map.entries { attributes[name] = value }
      }
      for (name, value) in arguments.named { attributes[name] = value }
      try budget.spend(elements: 4)
      let namespace = Namespace(attributes)
      owned.append(namespace)
      return .namespace(namespace)
    case "dict":
      var map = ValueMap()
      if case .dictionary(let given)? = arguments.positional.first {
        map = given
      } else if let given = arguments.positional.first {
        // Pairs of a key and a value.
        for pair in try elements(of: given) ?? [] {
          guard let parts = try elements(of: pair), parts.count == 2 else { throw Failure("'dict' takes pairs") }
          try spend(walks: map.entries.count + 1, through: parts[0])
          map[parts[0]] = parts[1]
        }
      }
      for (name, value) in arguments.named { map[.string(name)] = value }
      try budget.spend(elements: map.entries.count)
      return try built(.dictionary(map))
    case "raise_exception":
      throw ChatTemplateError.refused(message: try text(of: arguments[0, "message"] ?? .string("")))
    case "strftime_now": return .string(clock.text(format: try arguments.string(0, "format")))
    default: throw Failure("the function '\(name)'", isUnsupported: true)
    }
  }

  private mutating func range(_ arguments: CallArguments) throws -> [Value] {
    let bounds = try arguments.positional.map { value in
      guard let bound = value.integer else { throw Failure("'range' takes whole numbers, not \(value.typeName)") }
      return bound
    }
    guard (1...3).contains(bounds.count), bounds.count < 3 || bounds[2] != 0 else {
      throw Failure("'range' takes one to three whole numbers, and no step of 0")
    }
    let start = bounds.count == 1 ? 0 : bounds[0]
    let end = bounds.count == 1 ? bounds[0] : bounds[1]
    let step = bounds.count == 3 ? bounds[2] : 1
    var values: [Value] = []
    for number in stride(from: start, to: end, by: step) {
      try budget.spend(elements: 1)
      values.append(.integer(number))
    }
    return values
  }

  private mutating func call(_ bound: BoundMacro, _ arguments: CallArguments) throws -> String {
    let scope = Scope(in: bound.scope)
    let parameters = bound.macro.parameters
    guard arguments.positional.count <= parameters.count else {
      throw Failure("the macro '\(bound.macro.name)' takes \(parameters.count) arguments")
    }
    if let unknown = arguments.named.first(where: { named in !parameters.contains { $0.name == named.name } }) {
      throw Failure("the macro '\(bound.macro.name)' has no parameter '\(unknown.name)'")
    }
    for (place, parameter) in parameters.enumerated() {
      let given = try arguments[place, parameter.name] ?? parameter.standard.map { try value(of: $0, in: scope) }
      scope[parameter.name] = given ?? .undefined("parameter '\(parameter.name)' was not provided")
    }
    return try text(of: bound.macro.body, in: scope)
  }
}
