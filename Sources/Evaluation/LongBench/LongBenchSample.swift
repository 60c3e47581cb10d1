/// One line of a LongBench file: a document, a question on it, and what counts as right.
public struct LongBenchSample: Equatable, Sendable {
  /// What is asked, and by which metric it is scored.
  public var task: LongBenchTask
  /// Whether the sample is of LongBench-E, whose `dataset` ends in `_e`.
  public var isExtended: Bool
  /// `_id`; nil where the line has none.
  public var id: String?
  /// What the template puts after the document, such as the question; may be empty.
  public var input: String
  /// The document.
  public var context: String
  /// One or more references; the best score of them counts.
  public var answers: [String]
  /// All classes of a classification task, else as in the file.
  public var classes: [String]
  /// The document's length in words, or characters for Chinese, as LongBench counted it; nil where the line has none.
  public var length: Int?

  public init(
    task: LongBenchTask, isExtended: Bool = false, id: String?, input: String, context: String, answers: [String],
    classes: [String] = [], length: Int?
  ) {
    self.task = task
    self.isExtended = isExtended
    self.id = id
    self.input = input
    self.context = context
    self.answers = answers
    self.classes = classes
    self.length = length
  }

  /// The name of the table's row that the sample counts in: the task's, with `_e` for LongBench-E.
  public var row: String { LongBenchRow(task: task, isExtended: isExtended).name }

  /// The prompt, cut where the document ends.
  public var prompt: LongBenchPrompt { LongBenchPrompt(task: task, context: context, input: input) }

  /// The score of an answer, 0…1: the best over all references, of the first line alone where the task says so.
  public func score(_ prediction: String) -> Double {
    let scored = task.scoresFirstLineOnly ? prediction.linesAfterLeadingFeeds[0] : prediction
    return answers.map { task.metric.score(prediction: scored, reference: $0, classes: classes) }.max() ?? 0
  }

  /// 64-bit FNV-1a of all that is asked and compared, in 16 hexadecimal digits.
  public var hash: String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for text in [row, input, context] + answers + classes {
      // No text holds the byte FF, so it parts them.
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      hash = (hash ^ 0xFF) &* 0x100_0000_01B3
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// How logs name the sample.
  ///
  /// - Parameter place: what stands for an id that the line lacks.
  public func cell(place: String) -> LongBenchCell {
    LongBenchCell(task: row, id: id ?? place, length: length, hash: hash)
  }
}
