import Foundation

extension LongBenchSample {
  /// The most bytes that one reference may have: it bounds what a metric's tables take.
  public static let answerLimit = 1 << 18

  /// Reads one line of a file.
  ///
  /// The fields `dataset`, `input`, `context` and `answers` must be there, `all_classes` too for classification;
  /// `length` and `_id` may be missing. Other fields are not looked at.
  ///
  /// - Parameter extended: whether the file is one of LongBench-E, whatever `dataset` says.
  public init(line: [UInt8], extended: Bool = false) throws(LongBenchFault) {
    guard String(validating: line, as: UTF8.self) != nil else { throw .notUTF8 }
    // Foundation runs out of stack over brackets within brackets within brackets.
    guard RunCoding.nesting(of: line) <= RunCoding.mostNesting else { throw .notJSON }
    let fields: Fields
    do {
      fields = try JSONDecoder().decode(Fields.self, from: Data(line))
    } catch {
      throw LongBenchFault(error)
    }
    guard let row = LongBenchRow(name: fields.dataset) else { throw .unknownTask(fields.dataset) }
    let task = row.task
    guard !fields.answers.isEmpty else { throw .empty(field: Fields.CodingKeys.answers.rawValue) }
    for answer in fields.answers {
      guard answer.utf8.count <= Self.answerLimit else {
        throw .answerTooLong(bytes: answer.utf8.count, limit: Self.answerLimit)
      }
      let label = task.metric.label
      guard label.isEmpty || NumberShare.labelled(label, in: answer) != nil else {
        throw .unnumbered(label: label)
      }
    }
    if task.metric == .classification, fields.classes?.isEmpty ?? true {
      throw .empty(field: Fields.CodingKeys.classes.rawValue)
    }
    let length = fields.length.flatMap(Int.init(exactly:))
    guard fields.length == nil || length != nil else { throw .wrongType(field: Fields.CodingKeys.length.rawValue) }
    self.init(
      task: task, isExtended: extended || row.isExtended, id: fields.id, input: fields.input, context: fields.context,
      answers: fields.answers, classes: fields.classes ?? [], length: length)
  }

  private struct Fields: Decodable {
    var dataset: String
    var input: String
    var context: String
    var answers: [String]
    var classes: [String]?
    /// Any number of JSON, so that one that is no whole number is told apart from broken JSON.
    var length: Double?
    var id: String?

    enum CodingKeys: String, CodingKey {
      case dataset, input, context, answers, length
      case classes = "all_classes"
      case id = "_id"
    }
  }
}

extension LongBenchFault {
  /// What a `JSONDecoder` found wrong.
  init(_ error: any Error) {
    switch error {
    case DecodingError.keyNotFound(let key, _): self = .missingField(key.stringValue)
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      guard let field = context.codingPath.first else {
        self = .notObject
        return
      }
      self = .wrongType(field: field.stringValue)
    default: self = .notJSON
    }
  }
}
