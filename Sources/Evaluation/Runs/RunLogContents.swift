import FileIO

/// All that a results log holds.
public struct RunLogContents<Cell: Codable & Hashable & Sendable, Result: Codable & Sendable>: Sendable {
  public typealias Line = RunLine<Cell, Result>

  public var head: RunHead
  /// The whole lines that can be read, in order; of several with one key the first.
  public var lines: [Line]
  /// What was passed over.
  public var problems: [RunLogProblem]
  /// The bytes up to the last line feed: what a run goes on after.
  var wholeBytes: Int

  /// A log without lines.
  public init(head: RunHead, lines: [Line] = [], problems: [RunLogProblem] = []) {
    (self.head, self.lines, self.problems) = (head, lines, problems)
    wholeBytes = 0
  }

  /// Reads a log. A line that is not what it should be is reported and passed over; a last line without a line feed is
  /// one that was being written when the run was cut off, and is dropped.
  ///
  /// - Throws: `FileError`; `RunLogError.notALog`, `.layout`.
  public init(path: String) throws {
    let file = try FileReader(path: path)
    try self.init(path: path, bytes: file.read(at: 0, count: file.byteCount))
  }

  /// The same of bytes that were read from `path`.
  init(path: String, bytes: [UInt8]) throws {
    var rows = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // What stands after the last line feed is torn, or nothing.
    let torn = rows.removeLast()
    guard let first = rows.first else { throw RunLogError.notALog(path: path) }
    head = try RunHead(line: first, path: path)
    lines = []
    problems = []
    wholeBytes = bytes.count - torn.count
    var seen: Set<Line.Key> = []
    for (index, row) in rows.enumerated().dropFirst() where !row.isEmpty {
      do {
        let line = try RunCoding.value(Line.self, row)
        guard line.result != nil || line.skipped != nil else {
          problems.append(RunLogProblem(path: path, line: index + 1, reason: "it has neither a result nor a reason"))
          continue
        }
        guard seen.insert(line.key).inserted else {
          problems.append(RunLogProblem(path: path, line: index + 1, reason: "its result is there before"))
          continue
        }
        lines.append(line)
      } catch {
        problems.append(RunLogProblem(path: path, line: index + 1, reason: RunCoding.reason(error)))
      }
    }
    if !torn.isEmpty {
      problems.append(
        RunLogProblem(path: path, line: rows.count + 1, reason: "it was cut off while it was written"))
    }
  }
}

/// A line of a log that was passed over; a remark, not an error.
public struct RunLogProblem: Hashable, Sendable, CustomStringConvertible {
  public var path: String
  /// Counted from 1, the head included.
  public var line: Int
  public var reason: String

  public var description: String { "\(path): line \(line) is passed over: \(reason)" }
}
