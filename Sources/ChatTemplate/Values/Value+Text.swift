extension Value {
  /// What an output writes: Python's `str`.
  func text() throws -> String {
    switch self {
    case .undefined: return ""
    case .string(let text): return text
    default: return try representation()
    }
  }

  /// Python's `repr`.
  func representation() throws -> String {
    switch self {
    case .undefined: return "Undefined"
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .integer(let value): return String(value)
    case .float(let value): return Self.float(value)
    case .string(let text): return Self.quoted(text)
    case .list(let values): return "[" + (try values.map { try $0.representation() }.joined(separator: ", ")) + "]"
    case .tuple(let values):
      let inner = try values.map { try $0.representation() }.joined(separator: ", ")
      return values.count == 1 ? "(\(inner),)" : "(\(inner))"
    case .dictionary(let map):
      return "{"
        + (try map.entries.map { "\(try $0.key.representation()): \(try $0.value.representation())" }
          .joined(separator: ", ")) + "}"
    case .namespace, .macro, .loop, .function, .method: throw Failure("a \(typeName) has no text")
    }
  }

  private static func float(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let text = String(value)
    // Python writes two digits of an exponent, and sixteen places without one.
    guard let place = text.firstIndex(of: "e") else { return text }
    var mantissa = text[..<place]
    if mantissa.hasSuffix(".0") { mantissa.removeLast(2) }
    let exponent = text[text.index(after: place)...]
    let sign = exponent.first == "-" ? "-" : "+"
    let digits = exponent.drop { $0 == "-" || $0 == "+" }
    return "\(mantissa)e\(sign)\(digits.count < 2 ? "0" : "")\(digits)"
  }

  private static func quoted(_ text: String) -> String {
    let quote: Unicode.Scalar = text.contains("'") && !text.contains("\"") ? "\"" : "'"
    var quoted = String.UnicodeScalarView([quote])
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": quoted.append(contentsOf: "\\n".unicodeScalars)
      case "\r": quoted.append(contentsOf: "\\r".unicodeScalars)
      case "\t": quoted.append(contentsOf: "\\t".unicodeScalars)
      case quote, "\\": quoted.append(contentsOf: ["\\", scalar])
      case _ where !scalar.isASCII && scalar.isPythonPrintable: quoted.append(scalar)
      case _ where scalar.value > 0xffff:
        quoted.append(contentsOf: ("\\U" + hexadecimal(scalar.value, digits: 8)).unicodeScalars)
      case _ where scalar.value > 0xff:
        quoted.append(contentsOf: ("\\u" + hexadecimal(scalar.value, digits: 4)).unicodeScalars)
      case _ where scalar.value < 0x20 || scalar.value >= 0x7f:
        quoted.append(contentsOf: ("\\x" + hexadecimal(scalar.value, digits: 2)).unicodeScalars)
      default: quoted.append(scalar)
      }
    }
    quoted.append(quote)
    return String(quoted)
  }

  static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// As JSON, as Transformers writes it (`ensure_ascii=False`): in one line, or with `indent` blanks a level.
  func json(indent: Int?, level: Int = 0) throws -> String {
    func joined(_ parts: [String], _ open: String, _ close: String) -> String {
      guard let indent, !parts.isEmpty else { return open + parts.joined(separator: ", ") + close }
      let inner = "\n" + String(repeating: " ", count: indent * (level + 1))
      return open + inner + parts.joined(separator: "," + inner) + "\n"
        + String(repeating: " ", count: indent * level) + close
    }
    switch self {
    case .none: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .float(let value) where !value.isFinite: return value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
    case .integer, .float: return try representation()
    case .string(let text): return Self.jsonQuoted(text)
    case .list(let values), .tuple(let values):
      return joined(try values.map { try $0.json(indent: indent, level: level + 1) }, "[", "]")
    case .dictionary(let map):
      let parts = try map.entries.map { entry in
        let key = if case .string(let key) = entry.key { key } else { try entry.key.json(indent: nil) }
        return "\(Self.jsonQuoted(key)): \(try entry.value.json(indent: indent, level: level + 1))"
      }
      return joined(parts, "{", "}")
    default: throw Failure("a value of type \(typeName) has no JSON")
    }
  }

  private static func jsonQuoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case "\u{8}": quoted += "\\b"
      case "\u{c}": quoted += "\\f"
      case _ where scalar.value < 0x20: quoted += "\\u" + hexadecimal(scalar.value, digits: 4)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

/// What an operation could not do; the renderer adds the line.
struct Failure: Error {
  let what: String
  let isUnsupported: Bool
  init(_ what: String, isUnsupported: Bool = false) {
    self.what = what
    self.isUnsupported = isUnsupported
  }
}
