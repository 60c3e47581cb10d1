import FileIO

extension RunLogContents {
  /// The logs of a run's shards as one: all lines in the order of the logs, of several with one key the first.
  ///
  /// - Parameter paths: at least one log.
  /// - Throws: what reading throws; `RunLogError.unequalLogs` if two were made with different settings.
  public init(merging paths: [String]) throws {
    precondition(!paths.isEmpty, "merges no logs")
    self = try RunLogContents(path: paths[0])
    wholeBytes = 0
    var seen = Set(lines.map(\.key))
    for path in paths.dropFirst() {
      let next = try RunLogContents(path: path)
      if let difference = head.difference(from: next.head) {
        throw RunLogError.unequalLogs(
          path: paths[0], other: path, name: difference.name, value: difference.own, otherValue: difference.other)
      }
      problems += next.problems
      lines += next.lines.filter { seen.insert($0.key).inserted }
    }
  }
}

extension RunHead {
  /// The head of the log at `path`, which says of what evaluation it is.
  ///
  /// - Throws: `FileError`; `RunLogError.notALog`, `.layout`.
  public static func read(_ path: String) throws -> RunHead {
    let file = try FileReader(path: path)
    let bytes = try file.read(at: 0, count: file.byteCount)
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { throw RunLogError.notALog(path: path) }
    return try RunHead(line: bytes[..<end], path: path)
  }
}
