import FileIO
import Foundation
import TestSupport
import Testing

@testable import Evaluation

/// Logs on disk: what is there stays, what was cut off is run again.
@Suite struct RunLogTests {
  struct Cell: Codable, Hashable, Sendable {
    var length: Int
    var deepPart: Double
  }

  struct Result: Codable, Hashable, Sendable {
    var meanError: Double
    var answer: String
  }

  typealias Log = RunLog<Cell, Result>
  typealias Contents = RunLogContents<Cell, Result>
  typealias Line = RunLine<Cell, Result>

  private let scratch = ScratchFolder()
  private var path: String { scratch.file("runs.jsonl") }
  private static let head = RunHead(kind: "needle", settings: ["needle textHere": "a \"b\"\n", "model": "x"])

  private static func line(_ length: Int, _ method: String = "full") -> Line {
    Line(
      cell: Cell(length: length, deepPart: 0.25), method: method,
      result: Result(meanError: .infinity, answer: "ä\n/[{\"[["))
  }

  private func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
  private func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }

  @Test func aLogIsLinesOfJSON() throws {
    let log = try Log(path: path, head: Self.head)
    try log.append(Self.line(1024))
    try log.append(Line(cell: Cell(length: 5, deepPart: 0), method: "q4_0", skipped: "too short"))
    #expect(
      try text() == """
        {"fkv_run":1,"kind":"needle","settings":{"model":"x","needle textHere":"a \\"b\\"\\n"}}
        {"cell":{"deep_part":0.25,"length":1024},"method":"full","result":{"answer":"ä\\n/[{\\"[[","mean_error":"inf"}}
        {"cell":{"deep_part":0,"length":5},"method":"q4_0","skipped":"too short"}

        """)
    let read = try Contents(path: path)
    #expect(read.head == Self.head && read.problems.isEmpty)
    #expect(read.lines.map(\.key) == log.contents.lines.map(\.key))
    #expect(read.lines[0].result == Self.line(1024).result && read.lines[0].skipped == nil)
    #expect(read.lines[1].result == nil && read.lines[1].skipped == "too short")
    #expect(try RunHead.read(path) == Self.head)
  }

  @Test func whatIsThereIsKnown() throws {
    do {
      let log = try Log(path: path, head: Self.head)
      #expect(!log.contains(Self.line(1).cell, "full"))
      try log.append(Self.line(1))
      #expect(log.contains(Self.line(1).cell, "full") && !log.contains(Self.line(1).cell, "q4_0"))
    }
    let before = try text()
    let log = try Log(path: path, head: Self.head)
    #expect(try text() == before)
    #expect(log.contains(Self.line(1).cell, "full") && !log.contains(Self.line(2).cell, "full"))
    try log.append(Self.line(2))
    #expect(try text().hasPrefix(before) && log.contents.lines.count == 2)
  }

  @Test func withoutAPathNothingIsWritten() throws {
    let log = try Log(path: nil, head: Self.head)
    try log.append(Self.line(1))
    #expect(log.contains(Self.line(1).cell, "full") && log.contents.lines.count == 1 && scratch.names.isEmpty)
  }

  /// Cut at every byte: a log opens again, knows its whole lines, and ends up as it was.
  @Test func aLogCutAnywhereGoesOn() throws {
    do {
      let log = try Log(path: path, head: Self.head)
      for length in 1...2 { try log.append(Self.line(length)) }
    }
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let ends = whole.indices.filter { whole[$0] == UInt8(ascii: "\n") }
    // A head whose first bytes are there and which is not whole could be anything else from the mark's end on.
    for cut in 0...whole.count {
      try Data(whole[..<cut]).write(to: URL(fileURLWithPath: path))
      let log = try Log(path: path, head: Self.head)
      let kept = ends.filter { $0 < cut }.count
      #expect(log.contents.lines.count == max(0, kept - 1), "cut at \(cut)")
      let isTorn = kept > 0 && whole[cut - 1] != UInt8(ascii: "\n")
      #expect(
        log.contents.problems.map(\.description)
          == (isTorn ? ["\(path): line \(kept + 1) is passed over: it was cut off while it was written"] : []))
      for length in 1...2 where !log.contains(Self.line(length).cell, "full") { try log.append(Self.line(length)) }
      #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) == whole)
    }
  }

  @Test func brokenLinesAreNamedByNumber() throws {
    let good = """
      {"fkv_run":1,"kind":"needle","settings":{"model":"x","needle textHere":"a \\"b\\"\\n"}}
      {"cell":{"deep_part":0,"length":5},"method":"a","skipped":"s"}

      """
    let broken: [(String, String)] = [
      ("{]", "it is not JSON"), ("\u{0}\u{0}", "it is not JSON"), ("[]", "\"\" holds another type of value"),
      (#"{"cell":{"deep_part":0,"length":5}}"#, "it has no \"method\""),
      (#"{"cell":{"deep_part":0,"length":"5"},"method":"b"}"#, "\"cell.length\" holds another type of value"),
      (#"{"cell":{"deep_part":0,"length":5},"method":"b"}"#, "it has neither a result nor a reason"),
      (#"{"cell":{"deep_part":0,"length":5},"method":"a","skipped":"t"}"#, "its result is there before"),
      (String(repeating: "[", count: 100_000), "it is not JSON"),
    ]
    for (line, reason) in broken {
      try write(good + line + "\n\n" + #"{"cell":{"deep_part":0,"length":6},"method":"a","skipped":"u"}"# + "\n")
      let read = try Contents(path: path)
      #expect(read.lines.map(\.skipped) == ["s", "u"])
      #expect(read.problems == [RunLogProblem(path: path, line: 3, reason: reason)])
      // The line stays: a log only grows.
      let before = try text()
      #expect(try Log(path: path, head: Self.head).contents.problems == read.problems)
      #expect(try text() == before)
    }
  }

  @Test func otherSettingsAreRefusedAndTheLogStays() throws {
    _ = try Log(path: path, head: Self.head)
    let before = try text()
    func refusal(_ change: (inout RunHead) -> Void) -> RunLogError? {
      var head = Self.head
      change(&head)
      return #expect(throws: RunLogError.self) { try Log(path: path, head: head) }
    }
    #expect(
      refusal { $0.settings["model"] = "y" } == .otherSetting(path: path, name: "model", found: "x", asked: "y"))
    #expect(
      refusal { $0.settings["a"] = "1" } == .otherSetting(path: path, name: "a", found: "none", asked: "1"))
    #expect(
      refusal { $0.settings["model"] = nil }
        == .otherSetting(path: path, name: "model", found: "x", asked: "none"))
    #expect(refusal { $0.kind = "perplexity" } == .otherKind(path: path, found: "needle", asked: "perplexity"))
    #expect(try text() == before)
  }

  @Test func whatIsNoLogIsRefusedAndStays() throws {
    for (text, error) in [
      ("some notes", RunLogError.notALog(path: path)), ("some\nnotes\n", .notALog(path: path)),
      ("{\"fkv_ruins\":1", .notALog(path: path)), ("\n", .notALog(path: path)),
      (#"{"fkv_run":2,"kind":"needle","settings":{}}"# + "\n", .layout(path: path, found: 2, known: 1)),
    ] {
      try write(text)
      #expect(throws: error) { try Log(path: path, head: Self.head) }
      #expect(throws: error) { try Contents(path: path) }
      #expect(try self.text() == text)
    }
    #expect(throws: FileError.self) { try Contents(path: scratch.file("missing")) }
    #expect(throws: FileError.self) { try Log(path: scratch.file("missing/log"), head: Self.head) }
    #expect(throws: FileError.notRegular(path: "/dev/full")) { try Log(path: "/dev/full", head: Self.head) }
  }

  @Test func oneWriterAtATime() throws {
    let log = try Log(path: path, head: Self.head)
    #expect(throws: FileError.inUse(path: path)) { try Log(path: path, head: Self.head) }
    withExtendedLifetime(log) {}
  }

  @Test func everyErrorIsOneLine() {
    let errors: [RunLogError] = [
      .notALog(path: "p"), .layout(path: "p", found: 2, known: 1), .otherKind(path: "p", found: "a", asked: "b"),
      .otherSetting(path: "p", name: "n", found: "a", asked: "b"),
      .unequalLogs(path: "p", other: "q", name: "n", value: "a", otherValue: "b"),
    ]
    for error in errors { #expect("\(error)".hasPrefix("p") && !"\(error)".contains("\n")) }
  }
}
