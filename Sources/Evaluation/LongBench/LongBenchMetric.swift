/// How LongBench scores one answer against one reference.
public enum LongBenchMetric: String, CaseIterable, Sendable {
  /// `TokenF1` of `AnswerTokens.english`.
  case tokenF1 = "F1"
  /// `TokenF1` of `AnswerTokens.chinese`.
  case chineseTokenF1 = "F1 (characters)"
  /// `RougeL.score`.
  case rougeL = "ROUGE-L"
  /// `RougeL.chineseScore`.
  case chineseRougeL = "ROUGE-L (characters)"
  /// `ClassMatch`.
  case classification = "class"
  /// `NumberShare` of the number after `Paragraph ` in the reference.
  case retrieval = "paragraph"
  /// `NumberShare` of the number after `段落` in the reference.
  case chineseRetrieval = "paragraph (zh)"
  /// `NumberShare` of the reference.
  case count
  /// `EditSimilarity`.
  case editSimilarity = "edit similarity"

  /// The score, 0…1.
  ///
  /// - Parameter classes: all classes of the task, for `classification`.
  public func score(prediction: String, reference: String, classes: [String] = []) -> Double {
    switch self {
    case .tokenF1:
      TokenF1.score(prediction: AnswerTokens.english(prediction), reference: AnswerTokens.english(reference))
    case .chineseTokenF1:
      TokenF1.score(prediction: AnswerTokens.chinese(prediction), reference: AnswerTokens.chinese(reference))
    case .rougeL: RougeL.score(prediction: prediction, reference: reference)
    case .chineseRougeL: RougeL.chineseScore(prediction: prediction, reference: reference)
    case .classification: ClassMatch.score(prediction: prediction, reference: reference, classes: classes)
    case .count: NumberShare.score(prediction: prediction, number: reference)
    case .editSimilarity: EditSimilarity.score(prediction: prediction, reference: reference)
    case .retrieval, .chineseRetrieval:
      NumberShare.labelled(label, in: reference).map { NumberShare.score(prediction: prediction, number: $0) } ?? 0
    }
  }

  /// What stands before the number in a reference of the retrieval tasks; empty for other tasks.
  var label: String {
    switch self {
    case .retrieval: "Paragraph "
    case .chineseRetrieval: "段落"
    default: ""
    }
  }
}
