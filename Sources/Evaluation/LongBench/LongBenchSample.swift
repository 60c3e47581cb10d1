/// One line of a LongBench file: a document, a question on it, and what counts as right.
public struct LongBenchSample: Equatable, Sendable {
  /// What is asked, and by which metric it is scored.
  public var task: LongBenchTask
  /// Whether the sample is of LongBench-E, whose `dataset` ends in `_e`.
  public var isExtended: Bool
  /// `_id`; nil where the line has none.
  public var id: String?
  /// What the template puts behind the document, such as the question; may be empty.
  public var input: String
  /// The document.
  public var context: String
  /// One or more references; the best score of them counts.
  public var answers: [String]
  /// All classes of a classification task, else as in the file.
  public var classes: [String]
  /// The document's length in words, or characters for Chinese, as LongBench counted it; nil where the line has none.
  public var length: Int?

  /// The prompt, cut where the document ends.
  public var prompt: LongBenchPrompt { LongBenchPrompt(task: task, context: context, input: input) }

  /// The score of an answer, 0…1: the best over all references, of the first line alone where the task says so.
  public func score(_ prediction: String) -> Double {
    let scored = task.scoresFirstLineOnly ? prediction.linesAfterLeadingFeeds[0] : prediction
    return answers.map { task.metric.score(prediction: scored, reference: $0, classes: classes) }.max() ?? 0
  }
}
