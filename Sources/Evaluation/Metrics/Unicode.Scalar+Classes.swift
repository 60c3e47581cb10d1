/// The classes of code points that the metrics' definitions, written for Python's `str`, name.
extension Unicode.Scalar {
  /// Whether words end here: Unicode's white space, and the four separators U+001C…U+001F.
  var isSpace: Bool { properties.isWhitespace || 0x1C...0x1F ~= value }

  /// Whether it is a decimal digit of any script.
  var isDecimalDigit: Bool { properties.generalCategory == .decimalNumber }

  /// Whether it is one of the 32 punctuation characters of ASCII, `$`, `+`, `<` and the like among them.
  var isASCIIPunctuation: Bool {
    switch value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
    default: false
    }
  }

  /// Whether it is a letter or a number of any script; marks that combine with letters are not.
  var isWordCharacter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber:
      true
    default: self == "_"
    }
  }
}
