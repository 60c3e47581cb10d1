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
    case .method(let value, let name):
      let result = try Methods.call(name, of: value, arguments)
      try spend(on: result)
      return result
    case .function(let name): return try call(name, arguments)
    default: throw Failure("a value of type \(callee.typeName) cannot be called")
    }
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
      return .namespace(Namespace(attributes))
    case "dict":
      var map = if case .dictionary(let map)? = arguments.positional.first { map } else { ValueMap() }
      for (name, value) in arguments.named { map[.string(name)] = value }
      return .dictionary(map)
    case "raise_exception":
      throw ChatTemplateError.refused(message: try (arguments[0, "message"] ?? .string("")).text())
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
      let standard = try parameter.standard.map { try value(of: $0, in: scope) }
      scope[parameter.name] =
        arguments[place, parameter.name] ?? standard ?? .undefined("parameter '\(parameter.name)' was not provided")
    }
    return try text(of: bound.macro.body, in: scope)
  }
}
