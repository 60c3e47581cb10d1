/// One piece of a template's source.
struct Token: Equatable {
  enum Kind: Equatable {
    /// Text outside of all tags, as it is written out.
    case text(String)
    /// `{{` or `{%`.
    case open(Tag)
    /// `}}` or `%}`.
    case close(Tag)
    case name(String)
    case string(String)
    case integer(Int)
    case float(Double)
    /// An operator or a bracket.
    case symbol(String)
    case end
  }

  enum Tag: Equatable { case output, block }

  let kind: Kind
  /// Counted from 1.
  let line: Int

  /// What an error calls it.
  var name: String {
    switch kind {
    case .text: "text"
    case .open(.output): "'{{'"
    case .open(.block): "'{%'"
    case .close(.output): "'}}'"
    case .close(.block): "'%}'"
    case .name(let name): "'\(name)'"
    case .string: "a string"
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .symbol(let symbol): "'\(symbol)'"
    case .end: "the end"
    }
  }
}

extension Unicode.Scalar {
  /// Whether Python's `str.isspace` and `\s` take it for white space.
  var isPythonSpace: Bool { properties.isWhitespace || (0x1c...0x1f).contains(value) }

  /// Whether Python's `str.splitlines` ends a line at it.
  var isPythonLineEnd: Bool {
    (0xa...0xd).contains(value) || (0x1c...0x1e).contains(value) || [0x85, 0x2028, 0x2029].contains(value)
  }

  /// Whether Python's `repr` writes it as it is.
  var isPythonPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: self == " "
    default: true
    }
  }

  /// Whether a name may hold it.
  var isNamePart: Bool { self == "_" || properties.isAlphabetic || properties.numericType != nil }

  var isDigit: Bool { ("0"..."9").contains(self) }
}
