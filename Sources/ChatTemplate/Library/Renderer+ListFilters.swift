extension Renderer {
  /// What a filter of lists makes of `value`.
  mutating func filteredList(_ name: String, _ value: Value, _ arguments: CallArguments) throws -> Value {
    guard Self.listFilters.contains(name) else { throw Failure("the filter '\(name)'", isUnsupported: true) }
    if case .string(let text) = value {
      let missing = Value.undefined("the text is empty")
      switch name {
      case "reverse": return .string(String(text.codePoints.reversed()))
      case "first": return text.unicodeScalars.first.map { .string(String($0)) } ?? missing
      case "last": return text.unicodeScalars.last.map { .string(String($0)) } ?? missing
      default: break
      }
    }
    if name == "dictsort" { return try sortedEntries(value, arguments) }
    // What has no truth has no elements for these, as in Jinja.
    let isLazy = ["map", "select", "reject", "selectattr", "rejectattr"].contains(name)
    if isLazy, !value.isTrue { return .list([]) }
    if ["unique", "min", "max", "sort"].contains(name) {
      // A sort looks at each value some times, `unique` at each as often as there are others.
      let count = value.elements?.count ?? 0
      try spend(walks: name == "unique" ? count / 2 + 1 : Int.bitWidth - count.leadingZeroBitCount + 1, through: value)
    }
    guard let elements = try elements(of: value) else {
      throw Failure("'\(name)' takes a list, not a value of type \(value.typeName)")
    }
    switch name {
    case "list": return .list(elements)
    case "first": return elements.first ?? .undefined("the list is empty")
    case "last": return elements.last ?? .undefined("the list is empty")
    case "reverse": return .list(elements.reversed())
    case "unique":
      var keys: [Value] = []
      return .list(
        try elements.filter { element in
          let key = try sortKey(of: element, arguments, at: 0)
          defer { keys.append(key) }
          return !keys.contains { $0.equals(key) }
        })
    case "min", "max":
      // The first of equal ones, as in Python.
      let sorted = try sorted(elements, isReversed: name == "max") { try $0.sortKey(of: $1, arguments, at: 0) }
      return sorted.first ?? .undefined("the list is empty")
    case "sum":
      let path: String? = if case .string(let path)? = arguments[0, "attribute"] { path } else { nil }
      return try elements.reduce(arguments[1, "start"] ?? .integer(0)) { sum, element in
        try compute(.add, sum, try path.map { try attribute($0, of: element) } ?? element)
      }
    case "sort":
      let isReversed = arguments[0, "reverse"]?.isTrue ?? false
      return .list(try sorted(elements, isReversed: isReversed) { try $0.sortKey(of: $1, arguments, at: 1) })
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
          try passes(try attribute(path, of: element), arguments.dropping(1)) != (name == "rejectattr")
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
        let value = try attribute(path, of: element)
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

  private mutating func sortedEntries(_ value: Value, _ arguments: CallArguments) throws -> Value {
    guard case .dictionary(let map) = value else {
      throw Failure("'dictsort' takes a dictionary, not \(value.typeName)")
    }
    try spend(walks: Int.bitWidth - map.entries.count.leadingZeroBitCount + 1, through: value)
    let isCaseSensitive = arguments[0, "case_sensitive"]?.isTrue ?? false
    let place = try arguments.string(1, "by", or: "key") == "value" ? 1 : 0
    let entries: [Value] = map.entries.map { .tuple([$0.key, $0.value]) }
    return .list(
      try sorted(entries, isReversed: arguments[2, "reverse"]?.isTrue ?? false) { renderer, entry in
        let key = try entry.item(.integer(place))
        guard case .string(let text) = key, !isCaseSensitive else { return key }
        try renderer.budget.spend(work: text.utf8.count * 16)
        return .string(text.lowercased())
      })
  }

  /// What an element is ordered by: the attribute that the arguments name, without regard to case unless they ask for it.
  private mutating func sortKey(of element: Value, _ arguments: CallArguments, at place: Int) throws -> Value {
    let path: String? = if case .string(let path)? = arguments[place + 1, "attribute"] { path } else { nil }
    let key = try path.map { try attribute($0, of: element) } ?? element
    let isCaseSensitive = arguments[place, "case_sensitive"]?.isTrue ?? false
    guard case .string(let text) = key, !isCaseSensitive else { return key }
    try budget.spend(work: text.utf8.count * 16)
    return .string(text.lowercased())
  }

  /// A stable sort by keys; reversed, equal ones keep their order, as in Python.
  private mutating func sorted(
    _ elements: [Value], isReversed: Bool = false, by key: (inout Renderer, Value) throws -> Value
  ) throws -> [Value] {
    let keyed = try elements.map { (value: $0, key: try key(&self, $0)) }
    return try keyed.sorted { first, second in
      let (left, right) = isReversed ? (second.key, first.key) : (first.key, second.key)
      guard let isLess = left.isLess(than: right) else {
        throw Failure("values of types \(first.key.typeName) and \(second.key.typeName) have no order")
      }
      return isLess
    }.map(\.value)
  }
}
