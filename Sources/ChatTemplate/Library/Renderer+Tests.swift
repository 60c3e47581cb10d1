extension Renderer {
  /// Whether `value` passes the test of a name.
  mutating func test(_ name: String, _ value: Value, _ arguments: CallArguments) throws -> Bool {
    switch name {
    case "defined": return if case .undefined = value { false } else { true }
    case "undefined": return if case .undefined = value { true } else { false }
    case "none": return if case .none = value { true } else { false }
    case "string": return if case .string = value { true } else { false }
    case "boolean": return if case .bool = value { true } else { false }
    case "true": return if case .bool(true) = value { true } else { false }
    case "false": return if case .bool(false) = value { true } else { false }
    case "integer": return if case .integer = value { true } else { false }
    case "float": return if case .float = value { true } else { false }
    case "number": return value.number != nil
    case "mapping": return if case .dictionary = value { true } else { false }
    case "iterable": return value.elements != nil
    case "sequence":
      // Jinja asks whether it has a length and items.
      switch value {
      case .string, .list, .tuple, .dictionary, .undefined: return true
      default: return false
      }
    case "callable":
      switch value {
      case .function, .method, .macro: return true
      default: return false
      }
    case "lower", "upper":
      return try call(method: "is\(name)", of: .string(try text(of: value)), arguments).isTrue
    case "odd": return try whole(value) % 2 != 0
    case "even": return try whole(value) % 2 == 0
    case "divisibleby":
      let divisor = try arguments.integer(0, "num", or: 0)
      guard divisor != 0 else { throw Failure("division by zero") }
      return try whole(value).checked(.remainder, divisor) == 0
    default:
      guard let comparison = Self.comparisons[name] else { throw Failure("the test '\(name)'", isUnsupported: true) }
      return try compare(comparison, value, arguments[0, "other"] ?? .none)
    }
  }

  private static let comparisons: [String: Comparison] = [
    "eq": .equal, "equalto": .equal, "==": .equal, "ne": .unequal, "!=": .unequal, "lt": .less, "lessthan": .less,
    "<": .less, "le": .lessOrEqual, "<=": .lessOrEqual, "gt": .greater, "greaterthan": .greater, ">": .greater,
    "ge": .greaterOrEqual, ">=": .greaterOrEqual, "in": .isIn,
  ]

  private func whole(_ value: Value) throws -> Int {
    guard let number = value.integer else { throw Failure("a value of type \(value.typeName) is no whole number") }
    return number
  }
}
