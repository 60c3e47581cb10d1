extension Renderer {
  /// What a filter makes of `value`.
  mutating func filter(_ name: String, _ value: Value, _ arguments: CallArguments) throws -> Value {
    switch value {
    case .string(let text): try budget.spend(work: text.utf8.count * 4)
    case .list(let values), .tuple(let values): try budget.spend(work: values.count)
    case .dictionary(let map): try budget.spend(work: map.entries.count)
    default: break
    }
    let result = try filtered(name, value, arguments)
    try spend(on: result)
    return result
  }

  private mutating func filtered(_ name: String, _ value: Value, _ arguments: CallArguments) throws -> Value {
    switch name {
    case "default", "d":
      let replacesFalse = arguments[1, "boolean"]?.isTrue ?? false
      let isMissing = if case .undefined = value { true } else { replacesFalse && !value.isTrue }
      return isMissing ? arguments[0, "default_value"] ?? .string("") : value
    case "length", "count": return .integer(try length(of: value))
    case "string": return .string(try text(of: value))
    case "safe": return value
    case "trim":
      return .string(Methods.strip(try text(of: value).codePoints, arguments, left: true, right: true))
    case "title":
      let text = try text(of: value)
      try budget.spend(work: text.utf8.count * 16)
      return .string(Methods.titledWords(text.codePoints))
    case "upper", "lower", "capitalize", "replace":
      return try call(method: name, of: .string(try text(of: value)), arguments)
    case "indent":
      let text = try text(of: value)
      try budget.spend(work: text.utf8.count * 16)
      return .string(try indented(text, arguments))
    case "escape", "e":
      let text = try text(of: value)
      try budget.spend(work: text.utf8.count * 16)
      return .string(Self.escaped(text))
    case "tojson":
      for argument in arguments.named where argument.name != "indent" && argument.value.isTrue {
        throw Failure("'tojson' with '\(argument.name)'", isUnsupported: true)
      }
      let isIndented = if case .some(.none) = arguments[0, "indent"] { false } else { arguments[0, "indent"] != nil }
      let indent = isIndented ? try arguments.integer(0, "indent", or: 0) : nil
      guard (0...64).contains(indent ?? 0) else { throw Failure("'tojson' indents by 0 to 64") }
      return .string(try json(of: value, indent: indent))
    case "int":
      if case .string(let text) = value { try budget.spend(work: text.utf8.count * 32) }
      return try integer(value, arguments)
    case "float":
      if case .string(let text) = value { return .float(Double(text) ?? 0) }
      return .float(value.number ?? 0)
    case "abs":
      if let number = value.integer, number != .min { return .integer(abs(number)) }
      guard let number = value.number else { throw Failure("a value of type \(value.typeName) has no 'abs'") }
      return .float(abs(number))
    case "join": return .string(try joined(value, arguments))
    case "items":
      if case .undefined = value { return .list([]) }
      guard case .dictionary = value else { throw Failure("'items' takes a dictionary, not \(value.typeName)") }
      return try call(method: "items", of: value, arguments)
    default: return try filteredList(name, value, arguments)
    }
  }

  private mutating func length(of value: Value) throws -> Int {
    if case .string(let text) = value { return text.unicodeScalars.count }
    guard let elements = try elements(of: value) else {
      throw Failure("a value of type \(value.typeName) has no length")
    }
    return elements.count
  }

  private func integer(_ value: Value, _ arguments: CallArguments) throws -> Value {
    if arguments[1, "base"] != nil { throw Failure("'int' of another base", isUnsupported: true) }
    if let number = value.integer { return .integer(number) }
    if case .float(let number) = value, let whole = Int(exactly: number.rounded(.towardZero)) { return .integer(whole) }
    if case .string(let text) = value,
      let whole = Int(Methods.strip(text.codePoints, CallArguments(), left: true, right: true))
    {
      return .integer(whole)
    }
    if case .string(let text) = value,
      let number = Double(Methods.strip(text.codePoints, CallArguments(), left: true, right: true)),
      let whole = Int(exactly: number.rounded(.towardZero))
    {
      return .integer(whole)
    }
    return arguments[0, "default"] ?? .integer(0)
  }

  private mutating func joined(_ value: Value, _ arguments: CallArguments) throws -> String {
    guard var elements = try elements(of: value) else {
      throw Failure("there is nothing to join in a \(value.typeName)")
    }
    if case .string(let path)? = arguments[1, "attribute"] {
      elements = try elements.map { try attribute(path, of: $0) }
    }
    let separator = try text(of: arguments[0, "d"] ?? .string(""))
    let texts = try elements.map { try text(of: $0) }
    try budget.spend(bytes: texts.reduce(0) { min(1 << 60, $0 + $1.utf8.count + separator.utf8.count) })
    return texts.joined(separator: separator)
  }

  /// The lines of a text with blanks before them; before the first only if asked, before empty ones too if asked.
  private mutating func indented(_ text: String, _ arguments: CallArguments) throws -> String {
    let width: String
    if case .string(let text)? = arguments[0, "width"] {
      width = text
    } else {
      let count = try arguments.integer(0, "width", or: 4)
      try budget.spend(bytes: max(0, count))
      width = String(repeating: " ", count: max(0, count))
    }
    let isFirstIndented = arguments[1, "first"]?.isTrue ?? false
    let isBlankIndented = arguments[2, "blank"]?.isTrue ?? false
    try budget.check(elements: text.utf8.count { $0 == 0x0a })
    let lines = text.codePoints.split(omittingEmptySubsequences: false) { $0 == "\n" }
    let (added, overflow) = lines.count.multipliedReportingOverflow(by: width.utf8.count)
    try budget.spend(bytes: overflow ? .max : added)
    return lines.enumerated().map { index, line in
      let isIndented = index == 0 ? isFirstIndented : isBlankIndented || !line.isEmpty
      return (isIndented ? width : "") + String(line)
    }.joined(separator: "\n")
  }

  private static func escaped(_ text: String) -> String {
    let names: [Unicode.Scalar: String] = ["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&#34;", "'": "&#39;"]
    return text.unicodeScalars.reduce(into: "") { $0 += names[$1] ?? String($1) }
  }

  /// What lies under a path of names and indices with dots.
  mutating func attribute(_ path: String, of value: Value) throws -> Value {
    try budget.spend(work: path.utf8.count)
    return try path.split(separator: ".").reduce(value) { value, name in
      try item(Int(name).map(Value.integer) ?? .string(String(name)), of: value)
    }
  }
}
