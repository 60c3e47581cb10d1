/// The methods that values have. Those that would change a value have none: Transformers renders templates in a sandbox
/// where values do not change.
enum Methods {
  static let ofStrings: Set<String> = [
    "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "upper", "lower", "title",
    "capitalize", "replace", "find", "rfind", "count", "join", "isdigit", "isspace", "isupper", "islower", "isalpha",
    "removeprefix", "removesuffix", "format",
  ]
  static let ofDictionaries: Set<String> = ["items", "keys", "values", "get", "copy"]
  static let ofLists: Set<String> = ["index", "count", "append", "copy"]

  /// The result of a method of a text.
  static func call(_ name: String, of text: String, _ arguments: CallArguments, _ budget: inout Budget) throws -> Value
  {
    let points = text.codePoints
    let searches = ["startswith", "endswith", "find", "rfind", "count"]
    if searches.contains(name), arguments.positional.count > 1 {
      throw Failure("'\(name)' from a place in the text", isUnsupported: true)
    }
    switch name {
    case "strip", "lstrip", "rstrip":
      return .string(strip(points, arguments, left: name != "rstrip", right: name != "lstrip"))
    case "split", "rsplit": return .list(try split(points, arguments, fromRight: name == "rsplit", &budget))
    case "splitlines": return .list(lines(points, keepsEnds: arguments[0, "keepends"]?.isTrue ?? false))
    case "startswith", "endswith":
      let affixes = if case .tuple(let all)? = arguments[0, "prefix"] { all } else { [arguments[0, "prefix"] ?? .none] }
      return .bool(
        try affixes.contains { value in
          guard case .string(let affix) = value else { throw Failure("'\(name)' takes a text, not \(value.typeName)") }
          return name == "startswith" ? points.starts(with: affix.codePoints) : points.ends(with: affix.codePoints)
        })
    case "removeprefix", "removesuffix":
      let affix = try arguments.string(0, "affix").codePoints
      if name == "removeprefix" {
        return .string(String(points.starts(with: affix) ? points[affix.count...] : points[...]))
      }
      return .string(String(points.ends(with: affix) ? points[..<(points.count - affix.count)] : points[...]))
    case "upper": return .string(text.uppercased())
    case "lower": return .string(text.lowercased())
    case "title": return .string(titled(points))
    case "capitalize":
      let first = points.first?.properties.titlecaseMapping ?? ""
      return .string(first + String(points.dropFirst()).lowercased())
    case "replace":
      return .string(
        String(
          try replace(
            points, try arguments.string(0, "old").codePoints, try arguments.string(1, "new").codePoints,
            limit: try arguments.integer(2, "count", or: -1), &budget)))
    case "find":
      let part = try arguments.string(0, "sub").codePoints
      return .integer(part.isEmpty ? 0 : points.firstRange(of: part)?.lowerBound ?? -1)
    case "rfind":
      let part = Array(try arguments.string(0, "sub").codePoints.reversed())
      let found = part.isEmpty ? 0..<0 : Array(points.reversed()).firstRange(of: part)
      return .integer(found.map { points.count - $0.upperBound } ?? -1)
    case "count":
      let part = try arguments.string(0, "sub").codePoints
      return .integer(part.isEmpty ? points.count + 1 : try points.split(by: part, limit: .max, &budget).count - 1)
    case "join": return .string(try join(arguments[0, "iterable"] ?? .none, with: text, &budget))
    case "isdigit":
      return .bool(!points.isEmpty && points.allSatisfy { [.decimal, .digit].contains($0.properties.numericType) })
    case "isspace": return .bool(!points.isEmpty && points.allSatisfy(\.isPythonSpace))
    case "isalpha": return .bool(!points.isEmpty && points.allSatisfy(\.properties.isAlphabetic))
    case "isupper": return .bool(text != text.lowercased() && text == text.uppercased())
    case "islower": return .bool(text != text.uppercased() && text == text.lowercased())
    default: throw Failure("the method '\(name)'", isUnsupported: true)
    }
  }

  /// The result of a method of a dictionary or list.
  static func call(_ name: String, of value: Value, _ arguments: CallArguments, _ budget: inout Budget) throws -> Value
  {
    switch (value, name) {
    case (.string(let text), _): return try call(name, of: text, arguments, &budget)
    case (.dictionary(let map), "items"): return .list(map.entries.map { .tuple([$0.key, $0.value]) })
    case (.dictionary(let map), "keys"): return .list(map.entries.map(\.key))
    case (.dictionary(let map), "values"): return .list(map.entries.map(\.value))
    case (.dictionary(let map), "get"): return map[arguments[0, "key"] ?? .none] ?? arguments[1, "default"] ?? .none
    case (_, "copy"): return value
    case (.list(let list), "index"), (.tuple(let list), "index"):
      guard let place = list.firstIndex(where: { $0.equals(arguments[0, "value"] ?? .none) }) else {
        throw Failure("the list has no such value")
      }
      return .integer(place)
    case (.list(let list), "count"), (.tuple(let list), "count"):
      return .integer(list.count { $0.equals(arguments[0, "value"] ?? .none) })
    case (_, "append"): throw Failure("a list cannot be changed; Transformers refuses it as well")
    case (.integer(let index), "cycle"):
      guard !arguments.positional.isEmpty else { throw Failure("'cycle' takes a value or more") }
      return arguments.positional[index % arguments.positional.count]
    default: throw Failure("the method '\(name)'", isUnsupported: true)
    }
  }

  /// Without white space, or the characters of the first argument, at the ends.
  static func strip(_ points: CodePoints, _ arguments: CallArguments, left: Bool, right: Bool) -> String {
    guard case .string(let characters)? = arguments[0, "chars"] else {
      return String(points.stripped(left: left, right: right, of: \.isPythonSpace))
    }
    let set = Set(characters.unicodeScalars)
    return String(points.stripped(left: left, right: right, of: set.contains))
  }

  static func join(_ values: Value, with separator: String, _ budget: inout Budget) throws -> String {
    guard let elements = values.elements else { throw Failure("there is nothing to join in a \(values.typeName)") }
    let texts = try elements.map { element in
      guard case .string(let text) = element else { throw Failure("'join' takes texts, not \(element.typeName)") }
      return text
    }
    try budget.check(bytes: texts.reduce(0) { min(1 << 60, $0 + $1.utf8.count + separator.utf8.count) })
    return texts.joined(separator: separator)
  }

  private static func replace(
    _ points: CodePoints, _ old: CodePoints, _ new: CodePoints, limit: Int, _ budget: inout Budget
  ) throws -> CodePoints {
    let limit = limit < 0 ? Int.max : limit
    guard !old.isEmpty else { throw Failure("'replace' of an empty text", isUnsupported: true) }
    let parts = try points.split(by: old, limit: limit, &budget)
    let (added, overflow) = (parts.count - 1).multipliedReportingOverflow(by: new.count)
    try budget.check(bytes: overflow ? .max : added)
    return Array(parts.joined(separator: new))
  }

  private static func split(_ points: CodePoints, _ arguments: CallArguments, fromRight: Bool, _ budget: inout Budget)
    throws
    -> [Value]
  {
    let most = try arguments.integer(1, "maxsplit", or: -1)
    let limit = most < 0 ? Int.max : most
    let points = fromRight ? points.reversed() : points
    var parts: [CodePoints]
    switch arguments[0, "sep"] {
    case nil, .some(.none): parts = try points.words(limit: limit, &budget)
    case .string(let separator)? where !separator.isEmpty:
      let separator = separator.codePoints
      parts = try points.split(by: fromRight ? separator.reversed() : separator, limit: limit, &budget)
    default: throw Failure("'split' takes a text that is not empty")
    }
    if fromRight { parts = parts.reversed().map { $0.reversed() } }
    return parts.map { .string(String($0)) }
  }

  private static func lines(_ points: CodePoints, keepsEnds: Bool) -> [Value] {
    var lines: [Value] = []
    var start = 0
    while start < points.count {
      let end = points[start...].firstIndex(where: \.isPythonLineEnd) ?? points.count
      let isPair = end + 1 < points.count && points[end] == "\r" && points[end + 1] == "\n"
      let next = min(points.count, end + (isPair ? 2 : 1))
      lines.append(.string(String(points[start..<(keepsEnds ? next : end)])))
      start = next
    }
    return lines
  }

  /// Jinja's filter `title`: words begin after blanks, hyphens and opening brackets.
  static func titledWords(_ points: CodePoints) -> String {
    var text = ""
    var isInWord = false
    for scalar in points {
      text += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
      isInWord = !(scalar.isPythonSpace || ["-", "(", "{", "[", "<"].contains(scalar))
    }
    return text
  }

  private static func titled(_ points: CodePoints) -> String {
    var text = ""
    var isInWord = false
    for scalar in points {
      text += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
      isInWord = scalar.properties.isAlphabetic
    }
    return text
  }
}

extension CodePoints {
  func ends(with other: CodePoints) -> Bool { count >= other.count && suffix(other.count).elementsEqual(other) }
}
