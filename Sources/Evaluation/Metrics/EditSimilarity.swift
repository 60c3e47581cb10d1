/// How alike two lines of code are.
public enum EditSimilarity {
  /// The similarity of the prediction's first line of code and the reference, 0…1 in steps of 0.01.
  public static func score(prediction: String, reference: String) -> Double {
    Double(percent(firstCodeLine(of: prediction), reference)) / 100
  }

  /// `ratio` of the Python package `fuzzywuzzy`: 100 times `difflib`'s ratio, to the nearest whole number, ties to even.
  ///
  /// Equal texts have 100, also empty ones; an empty text and another have 0. With the package `python-Levenshtein`
  /// installed, `fuzzywuzzy` computes its ratio instead; LongBench's requirements do not list it.
  static func percent(_ first: String, _ second: String) -> Int {
    let (first, second) = (Array(first.unicodeScalars), Array(second.unicodeScalars))
    if first == second { return 100 }
    if first.isEmpty || second.isEmpty { return 0 }
    return Int((100 * MatchingBlocks(first, second).ratio).rounded(.toNearestOrEven))
  }

  /// The first line of code, line feeds at the start skipped; empty if there is none.
  static func firstCodeLine(of answer: String) -> String {
    answer.linesAfterLeadingFeeds.first(where: isCode) ?? ""
  }

  /// Whether a line has no `` ` ``, no `#` and no `//` in it.
  static func isCode(_ line: String) -> Bool { !["`", "#", "//"].contains(where: line.containsScalars) }
}
