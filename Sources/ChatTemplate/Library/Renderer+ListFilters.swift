extension Renderer {
  /// What a filter of lists makes of `value`.
  mutating func filteredList(_ name: String, _ value: Value, _ arguments: CallArguments) throws -> Value {
    guard Self.listFilters.contains(name) else { throw Failure("the filter '\(name)'", isUnsupported: true) }
    if name == "reverse", case .string(let text) = value { return .string(String(text.codePoints.reversed())) }
    if name == "dictsort" { return try sortedEntries(value, arguments) }
    guard let elements = value.elements else {
      throw Failure("'\(name)' takes a list, not a value of type \(value.typeName)")
    }
    switch name {
    case "list": return .list(elements)
    case "first": return elements.first ?? .undefined("the list is empty")
    case "last": return elements.last ?? .undefined("the list is empty")
    case "reverse": return .list(elements.reversed())
    case "unique":
      return .list(
        elements.reduce(into: []) { unique, element in
          if !unique.contains(where: { $0.equals(element) }) { unique.append(element) }
        })
    case "min", "max":
      let sorted = try sorted(elements) { $0 }
      return (name == "min" ? sorted.first : sorted.last) ?? .undefined("the list is empty")
    case "sum":
      return try elements.reduce(.integer(0)) { try compute(.add, $0, $1) }
    case "sort":
      let path: String? = if case .string(let path)? = arguments[2, "attribute"] { path } else { nil }
      let isCaseSensitive = arguments[1, "case_sensitive"]?.isTrue ?? false
      let sorted = try sorted(elements, isReversed: arguments[0, "reverse"]?.isTrue ?? false) { element in
        let key = try path.map { try Self.attribute($0, of: element) } ?? element
        if case .string(let text) = key, !isCaseSensitive { return .string(text.lowercased()) }
        return key
      }
      return .list(sorted)
    case "map": return .list(try mapped(elements, arguments))
    case "select", "reject":
      return .list(
        try elements.filter { element in
          try passes(element, arguments) != (name == "reject")
        })
    default:
      let path = try arguments.string(0, "attribute")
      return .list(
        try elements.filter { element in
          try passes(try Self.attribute(path, of: element), arguments.dropping(1)) != (name == "rejectattr")
        })
    }
  }

  private static let listFilters: Set<String> = [
    "list", "first", "last", "reverse", "unique", "min", "max", "sum", "sort", "dictsort", "map", "select", "reject",
    "selectattr", "rejectattr",
  ]

  /// Whether an element passes the test that the arguments name; its truth if they name none.
  private mutating func passes(_ element: Value, _ arguments: CallArguments) throws -> Bool {
    try budget.step()
    guard !arguments.positional.isEmpty else { return element.isTrue }
    return try test(try arguments.string(0, "test"), element, arguments.dropping(1))
  }

  private mutating func mapped(_ elements: [Value], _ arguments: CallArguments) throws -> [Value] {
    if case .string(let path)? = arguments.named.first(where: { $0.name == "attribute" })?.value {
      let standard = arguments.named.first { $0.name == "default" }?.value
      return try elements.map { element in
        let value = try Self.attribute(path, of: element)
        if case .undefined = value, let standard { return standard }
        return value
      }
    }
    let name = try arguments.string(0, "filter")
    let rest = arguments.dropping(1)
    return try elements.map { element in
      try budget.step()
      return try filter(name, element, rest)
    }
  }

  private func sortedEntries(_ value: Value, _ arguments: CallArguments) throws -> Value {
    guard case .dictionary(let map) = value else {
      throw Failure("'dictsort' takes a dictionary, not \(value.typeName)")
    }
    let isCaseSensitive = arguments[0, "case_sensitive"]?.isTrue ?? false
    let place = try arguments.string(1, "by", or: "key") == "value" ? 1 : 0
    let entries: [Value] = map.entries.map { .tuple([$0.key, $0.value]) }
    return .list(
      try sorted(entries, isReversed: arguments[2, "reverse"]?.isTrue ?? false) { entry in
        let key = try entry.item(.integer(place))
        if case .string(let text) = key, !isCaseSensitive { return .string(text.lowercased()) }
        return key
      })
  }

  /// A stable sort by keys; reversed, equal ones keep their order, as in Python.
  private func sorted(_ elements: [Value], isReversed: Bool = false, by key: (Value) throws -> Value) throws -> [Value]
  {
    let keyed = try elements.map { (value: $0, key: try key($0)) }
    return try keyed.sorted { first, second in
      let (left, right) = isReversed ? (second.key, first.key) : (first.key, second.key)
      guard let isLess = left.isLess(than: right) else {
        throw Failure("values of types \(first.key.typeName) and \(second.key.typeName) have no order")
      }
      return isLess
    }.map(\.value)
  }
}
