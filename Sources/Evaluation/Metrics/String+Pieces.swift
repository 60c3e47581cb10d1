extension String {
  /// The words between white space, without empty ones.
  var words: [String] { unicodeScalars.split(whereSeparator: \.isSpace).map(String.init) }

  /// The runs of decimal digits, in order, as they are written: `"007"` stays so.
  var decimalRuns: [String] {
    unicodeScalars.split(whereSeparator: { !$0.isDecimalDigit }).map(String.init)
  }

  /// Whether the code points of `other` occur in a row; an empty text occurs everywhere.
  func containsScalars(_ other: String) -> Bool {
    let (hay, needle) = (Array(utf8), Array(other.utf8))
    guard let first = needle.first else { return true }
    guard hay.count >= needle.count else { return false }
    return (0...hay.count - needle.count).contains {
      hay[$0] == first && hay[$0..<$0 + needle.count].elementsEqual(needle)
    }
  }

  /// The lines, cut at line feeds alone, once the line feeds at the start are gone; at least one, which may be empty.
  var linesAfterLeadingFeeds: [String] {
    unicodeScalars.drop { $0 == "\n" }.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}
