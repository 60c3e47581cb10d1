/// Why a file cannot be used as a results log.
public enum RunLogError: Error, Equatable, Sendable {
  /// The file's first line is no head of a log.
  case notALog(path: String)
  /// The log has a layout that this fkv does not know.
  case layout(path: String, found: Int, known: Int)
  /// The log is of another evaluation than was asked for.
  case otherKind(path: String, found: String, asked: String)
  /// The log was made with another value of a setting.
  case otherSetting(path: String, name: String, found: String, asked: String)
  /// Two logs that are to be merged differ in a setting.
  case unequalLogs(path: String, other: String, name: String, value: String, otherValue: String)
}

extension RunLogError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notALog(let path): "\(path): not a results log of fkv eval: its first line is no head"
    case .layout(let path, let found, let known):
      "\(path): a results log of layout \(found), this fkv knows layout \(known)"
    case .otherKind(let path, let found, let asked): "\(path): a log of '\(found)', not of '\(asked)'"
    case .otherSetting(let path, let name, let found, let asked):
      "\(path): the log was made with \(name) \"\(found)\", asked for is \"\(asked)\"; use another log"
    case .unequalLogs(let path, let other, let name, let value, let otherValue):
      "\(path) and \(other) cannot be merged: \(name) is \"\(value)\" and \"\(otherValue)\""
    }
  }
}
