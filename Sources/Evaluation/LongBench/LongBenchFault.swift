/// What is wrong with one line of a LongBench file.
public enum LongBenchFault: Error, Equatable, Sendable {
  /// The line's bytes are not UTF-8.
  case notUTF8
  /// The line is no JSON text.
  case notJSON
  /// The line is JSON, but no object.
  case notObject
  /// A field that must be there is missing.
  case missingField(String)
  /// A field that is there holds something of another type than LongBench's, or null.
  case wrongType(field: String)
  /// A `dataset` that `LongBenchTask` does not know.
  case unknownTask(String)
  /// A list that must hold something is empty or null.
  case empty(field: String)
  /// A reference of more than `limit` bytes.
  case answerTooLong(bytes: Int, limit: Int)
  /// A reference of a retrieval task without a number after `label`.
  case unnumbered(label: String)
  /// A sample of the same task and id was there before.
  case repeated(id: String)
  /// The line has more than `limit` bytes.
  case lineTooLong(bytes: Int, limit: Int)
}

extension LongBenchFault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notUTF8: "not UTF-8"
    case .notJSON: "not JSON"
    case .notObject: "not a JSON object"
    case .missingField(let field): "no field \"\(field)\""
    case .wrongType(let field): "field \"\(field)\" is of another type than LongBench's"
    case .unknownTask(let name): "dataset \"\(name.prefix(60))\" is no task of LongBench"
    case .empty(let field): "field \"\(field)\" is empty"
    case .answerTooLong(let bytes, let limit): "an answer has \(bytes) bytes, at most \(limit) are possible"
    case .unnumbered(let label): "an answer has no number after \"\(label)\""
    case .repeated(let id): "a sample \"\(id.prefix(60))\" of the task is there before"
    case .lineTooLong(let bytes, let limit): "the line has \(bytes) bytes, at most \(limit) are possible"
    }
  }
}

/// A line of a file that cannot be used, by its number from 1 on.
public struct LongBenchFinding: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file's path, as it was given.
  public var path: String
  /// From 1 on; empty lines count.
  public var line: Int
  /// What is wrong with it.
  public var fault: LongBenchFault

  public init(path: String, line: Int, fault: LongBenchFault) {
    self.path = path
    self.line = line
    self.fault = fault
  }

  public var description: String { "\(path): line \(line): \(fault)" }
}
