/// One sample as logs name it.
public struct LongBenchCell: Codable, Hashable, Sendable {
  /// The table's row: a task's name, with `_e` for LongBench-E.
  public var task: String
  /// The sample's `_id`, or file and line, as in `qasper.jsonl:12`, where it has none.
  public var id: String
  /// The document's length as the file says; nil where it says none.
  public var length: Int?
  /// A hash of all that is asked and compared, so that a changed sample is another one.
  public var hash: String

  public init(task: String, id: String, length: Int?, hash: String) {
    self.task = task
    self.id = id
    self.length = length
    self.hash = hash
  }
}

/// What a model answered, and how it was scored.
public struct LongBenchAnswer: Codable, Hashable, Sendable {
  /// 0…1.
  public var score: Double
  public var answer: String
  /// Tokens of the answer.
  public var answerTokens: Int

  public init(score: Double, answer: String, answerTokens: Int) {
    self.score = score
    self.answer = answer
    self.answerTokens = answerTokens
  }
}
