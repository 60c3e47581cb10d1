import FileIO
import Foundation
import TestSupport
import Testing

@testable import Evaluation

@Suite struct RunLogMergingTests {
  private let scratch = ScratchFolder()
  private static let head = RunHead(kind: "k", settings: ["a": "1"])

  private func log(_ name: String, _ cells: [Int], _ head: RunHead = Self.head) throws -> String {
    let log = try RunLog<Int, String>(path: scratch.file(name), head: head)
    for cell in cells { try log.append(RunLine(cell: cell, method: "m", result: "\(name) \(cell)")) }
    return scratch.file(name)
  }

  @Test func linesOfAllLogsInTheirOrder() throws {
    let paths = [try log("a", [1, 3]), try log("b", [2, 3, 4]), try log("c", [])]
    let merged = try RunLogContents<Int, String>(merging: paths)
    #expect(merged.head == Self.head && merged.problems.isEmpty)
    #expect(merged.lines.map(\.result) == ["a 1", "a 3", "b 2", "b 4"])
    #expect(try RunLogContents<Int, String>(merging: [paths[1]]).lines.map(\.cell) == [2, 3, 4])
  }

  @Test func problemsOfAllLogsAreKept() throws {
    let paths = [try log("a", [1]), try log("b", [2])]
    for path in paths {
      let handle = try #require(FileHandle(forWritingAtPath: path))
      handle.seekToEndOfFile()
      handle.write(Data("x\n{".utf8))
    }
    let merged = try RunLogContents<Int, String>(merging: paths)
    #expect(merged.lines.map(\.cell) == [1, 2])
    #expect(
      merged.problems.map(\.line) == [3, 4, 3, 4] && merged.problems.map(\.path) == [0, 0, 1, 1].map { paths[$0] })
  }

  @Test func unequalLogsAreRefused() throws {
    let (a, b) = (try log("a", []), try log("b", [], RunHead(kind: "k", settings: ["a": "2"])))
    #expect(throws: RunLogError.unequalLogs(path: a, other: b, name: "a", value: "1", otherValue: "2")) {
      try RunLogContents<Int, String>(merging: [a, b])
    }
    let c = try log("c", [], RunHead(kind: "l", settings: ["a": "1"]))
    #expect(throws: RunLogError.unequalLogs(path: a, other: c, name: "kind", value: "k", otherValue: "l")) {
      try RunLogContents<Int, String>(merging: [a, c])
    }
  }
}
