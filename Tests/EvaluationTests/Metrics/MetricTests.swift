import Testing

@testable import Evaluation

/// Scores are sums, products and quotients of small whole numbers, at most six roundings of 2⁻⁵³ each.
private let tolerance = 0x1p-50

@Suite struct MetricTests {
  static let pairs: [(metric: LongBenchMetric, examples: [WorkedExamples.Pair])] = [
    (.tokenF1, WorkedExamples.tokenF1), (.chineseTokenF1, WorkedExamples.chineseTokenF1),
    (.rougeL, WorkedExamples.rougeL), (.chineseRougeL, WorkedExamples.chineseRougeL),
    (.retrieval, WorkedExamples.retrieval), (.chineseRetrieval, WorkedExamples.chineseRetrieval),
    (.count, WorkedExamples.count), (.editSimilarity, WorkedExamples.editSimilarity),
  ]

  @Test(arguments: pairs.indices) func scoresAsLongBenchDoes(index: Int) {
    let (metric, examples) = Self.pairs[index]
    for example in examples {
      let score = metric.score(prediction: example.prediction, reference: example.reference)
      #expect(abs(score - example.score) <= tolerance, "\(metric) of \(example): \(score)")
    }
  }

  @Test func classesAsLongBenchDoes() {
    for example in WorkedExamples.classes {
      let score = LongBenchMetric.classification.score(
        prediction: example.prediction, reference: example.reference, classes: example.classes)
      #expect(score == example.score, "\(example)")
    }
  }

  @Test func everyMetricHasExamples() {
    #expect(Set(Self.pairs.map(\.metric)).union([.classification]) == Set(LongBenchMetric.allCases))
  }

  @Test func segments() {
    #expect(ChineseSegments.of("") == [])
    #expect(ChineseSegments.of("建于1871年 a_b") == ["建", "于", "1871", "年", " ", "a", "_", "b"])
    #expect(AnswerTokens.chinese("A，b C。") == ["a", "b", "c"])
  }

  @Test func words() {
    #expect("".linesAfterLeadingFeeds == [""])
    #expect("\n\n a\n\nb\n".linesAfterLeadingFeeds == [" a", "", "b", ""])
    #expect("a1b22c\u{663}".decimalRuns == ["1", "22", "\u{663}"])
    #expect("abc".containsScalars("") && "abc".containsScalars("bc") && !"ab".containsScalars("abc"))
    // é as one code point is not the letter e with an accent.
    #expect(!"é".containsScalars("e") && "e\u{301}".containsScalars("e"))
  }

  @Test func numbersBehindALabel() {
    #expect(NumberShare.labelled("P ", in: "P x P 12a") == "12")
    for text in ["", "P", "P ", "P x", "p 1", "P  1"] { #expect(NumberShare.labelled("P ", in: text) == nil) }
  }
}
