import FileIO

/// Results as they come, kept so that an interrupted run goes on where it stopped.
///
/// A log is text: a head (`RunHead`), then one JSON object a line for each finished result. A line is on disk before the
/// next result is worked on. Opening a log that is there goes on with it: what it holds is not run again.
public final class RunLog<Cell: Codable & Hashable & Sendable, Result: Codable & Sendable> {
  public typealias Contents = RunLogContents<Cell, Result>
  public typealias Line = RunLine<Cell, Result>

  /// All that is known by now, earlier runs' lines first.
  public private(set) var contents: Contents
  private let file: AppendFile?
  private var known: Set<Line.Key>

  /// Opens the log at `path`, or makes it; without a path, results are kept in memory only.
  ///
  /// A torn last line is cut off. A broken line stays, and is reported in `contents.problems`.
  ///
  /// - Throws: `RunLogError` if the file is another thing than a log, or one made with other settings, which stays as it
  ///   was; `FileError` if it cannot be read or written, or another process writes to it.
  public init(path: String?, head: RunHead) throws {
    contents = Contents(head: head)
    known = []
    guard let path else {
      file = nil
      return
    }
    let file = try AppendFile(path: path)
    self.file = file
    let start = try RunCoding.line(head)
    let bytes = try FileReader(path: path).read(at: 0, count: file.byteCount)
    if Self.isTornHead(bytes) {
      try file.truncate(to: 0)
      try file.append(start)
      return
    }
    let found = try Contents(path: path, bytes: bytes)
    if let difference = found.head.difference(from: head) {
      throw difference.name == "kind"
        ? RunLogError.otherKind(path: path, found: difference.own, asked: difference.other)
        : RunLogError.otherSetting(
          path: path, name: difference.name, found: difference.own, asked: difference.other)
    }
    try file.truncate(to: found.wholeBytes)
    contents = found
    known = Set(found.lines.map(\.key))
  }

  /// Whether the log holds the result of a cell and a method.
  public func contains(_ cell: Cell, _ method: String) -> Bool { known.contains(Line.Key(cell: cell, method: method)) }

  /// Adds a result, which is on disk when this returns.
  ///
  /// - Throws: `FileError` if the disk is full or fails; the log is then as it was before.
  public func append(_ line: Line) throws {
    precondition(!known.contains(line.key), "a result that is there already")
    try file?.append(try RunCoding.line(line))
    known.insert(line.key)
    contents.lines.append(line)
  }

  /// Whether a file holds nothing, or no more than the beginning of a head: a run that was cut off at once.
  private static func isTornHead(_ bytes: [UInt8]) -> Bool {
    guard !bytes.contains(UInt8(ascii: "\n")) else { return false }
    let mark = Array("{\"fkv_run\":".utf8)
    return zip(bytes, mark).allSatisfy { $0 == $1 }
  }
}
