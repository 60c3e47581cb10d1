/// ROUGE-L of a summary, as the Python package `rouge` 1.0.1 defines it.
public enum RougeL {
  /// The F-measure of the words in longest common subsequences, 0…1.
  ///
  /// Both texts are cut into sentences at every full stop and into words at white space; case and other punctuation
  /// count. With U the set of words that stand in the longest common subsequence of any sentence of the reference and any
  /// sentence of the prediction, and |·| the number of *different* words:
  ///
  ///     P = |U| / |prediction|,   R = |U| / |reference|,   F = 2 P R / (P + R + 10⁻⁸)
  ///
  /// A sentence of white space alone, as after a full stop that a space follows, is one empty word, which counts as a
  /// word does. A text without any sentence scores 0. Where several subsequences are as long,
  /// `longestCommonSubsequence` says which one is meant.
  ///
  /// LongBench gives 0 where Python's recursion limit stops the package, at sentences of about a thousand words; here
  /// they get their score.
  public static func score(prediction: String, reference: String) -> Double {
    var numbers: [String: Int] = [:]
    let candidate = sentences(prediction, &numbers)
    let target = sentences(reference, &numbers)
    guard !candidate.isEmpty, !target.isEmpty else { return 0 }
    var union: Set<Int> = []
    for sentence in target {
      for other in candidate { union.formUnion(longestCommonSubsequence(sentence, other)) }
    }
    let precision = Double(union.count) / Double(Set(candidate.joined()).count)
    let recall = Double(union.count) / Double(Set(target.joined()).count)
    return 2 * (precision * recall / (precision + recall + 1e-8))
  }

  /// `score` of Chinese texts, with `ChineseSegments` as words.
  public static func chineseScore(prediction: String, reference: String) -> Double {
    let (prediction, reference) = (ChineseSegments.of(prediction), ChineseSegments.of(reference))
    return score(prediction: prediction.joined(separator: " "), reference: reference.joined(separator: " "))
  }

  /// The sentences' words as numbers, the same number for the same word.
  private static func sentences(_ text: String, _ numbers: inout [String: Int]) -> [[Int]] {
    text.unicodeScalars.split(separator: ".").map { sentence in
      let words = String(sentence).words
      return (words.isEmpty ? [""] : words).map { word in
        let number = numbers[word] ?? numbers.count
        numbers[word] = number
        return number
      }
    }
  }
}
