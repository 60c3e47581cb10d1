import Evaluation
import FileIO
import Foundation
import TestSupport
import Testing

@testable import Commands

@Suite struct LongBenchDataTests {
  private let folder = ScratchFolder()

  private func write(_ name: String, _ lines: String...) throws -> String {
    try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: folder.file(name)))
    return folder.file(name)
  }

  private func line(_ task: String, _ id: String?, input: String = "Q", length: Int = 7) -> String {
    #"{"dataset":"\#(task)","input":"\#(input)","context":"C","answers":["Paragraph 1"],"length":\#(length)"#
      + (id.map { #","_id":"\#($0)"}"# } ?? "}")
  }

  private func finding(_ path: String, _ line: Int, _ fault: LongBenchFault) -> LongBenchFinding {
    LongBenchFinding(path: path, line: line, fault: fault)
  }

  @Test func samplesOfFilesAndFolders() throws {
    let first = try write("b.jsonl", line("qasper", "1"), "", "{", line("lcc", "2"))
    _ = try write("a.jsonl", line("qasper", "3"), line("nq", "4"))
    _ = try write("notes.txt", "no data")
    let data = try LongBenchData(paths: [folder.path])
    #expect(data.cells.map(\.id) == ["3", "1", "2"])
    #expect(data.cells.map(\.task) == ["qasper", "qasper", "lcc"])
    #expect(
      data.findings == [
        finding(folder.file("a.jsonl"), 2, .unknownTask("nq")), finding(first, 3, .notJSON),
      ])
    #expect(try LongBenchData(paths: [first]).cells.map(\.id) == ["1", "2"])
    for cell in data.cells { #expect(try data.sample(of: cell).id == cell.id) }
  }

  @Test func tasksAndLimits() throws {
    let file = try write(
      "x.jsonl", line("qasper", "1"), line("lcc", "2"), line("qasper", "3"), line("qasper_e", "4"), line("lcc", "5"))
    func ids(_ rows: [String]?, _ limit: Int? = nil) throws -> [String] {
      try LongBenchData(
        paths: [file], rows: rows.map { Set($0.compactMap { LongBenchRow(name: $0) }) }, limit: limit
      ).cells.map(\.id)
    }
    #expect(try ids(["qasper"]) == ["1", "3"])
    #expect(try ids(["qasper_e", "lcc"]) == ["2", "4", "5"])
    #expect(try ids(nil, 1) == ["1", "2", "4"])
    #expect(
      throws: LongBenchData.Failure.noSamples(paths: [file], firstFinding: nil)
    ) { try ids(["trec"]) }
  }

  /// In a folder, files named after other tasks are not even opened.
  @Test func otherTasksFilesAreLeftAlone() throws {
    _ = try write("lcc.jsonl", "{")
    _ = try write("qasper.jsonl", line("qasper", "1"))
    let rows: Set<LongBenchRow> = [LongBenchRow(task: .qasper, isExtended: false)]
    let data = try LongBenchData(paths: [folder.path], rows: rows)
    #expect(data.cells.count == 1 && data.findings.isEmpty)
  }

  @Test func sameIdsAndNoIds() throws {
    let file = try write(
      "qasper.jsonl", line("qasper", "1"), line("lcc", "1"), line("qasper", "1", input: "other"), line("qasper", nil),
      line("qasper", nil))
    let data = try LongBenchData(paths: [file])
    #expect(data.cells.map(\.id) == ["1", "1", "qasper.jsonl:4", "qasper.jsonl:5"])
    #expect(data.findings == [finding(file, 3, .repeated(id: "1"))])
    // The same file again brings nothing new.
    #expect(try LongBenchData(paths: [file, file]).cells == data.cells)
  }

  @Test func aChangedSampleIsAnotherCell() throws {
    let cell = try LongBenchData(paths: [try write("a", line("qasper", "1"))]).cells[0]
    let same = try LongBenchData(paths: [try write("b", line("qasper", "1"))]).cells[0]
    let other = try LongBenchData(paths: [try write("c", line("qasper", "1", input: "q"))]).cells[0]
    #expect(cell == same && cell.hash != other.hash && cell.hash.count == 16)
    #expect(cell.length == 7)
  }

  @Test func nothingToAsk() throws {
    #expect(throws: LongBenchData.Failure.noFiles(folder: folder.path)) { try LongBenchData(paths: [folder.path]) }
    let empty = try write("a.jsonl", "")
    #expect(throws: LongBenchData.Failure.noSamples(paths: [empty], firstFinding: nil)) {
      try LongBenchData(paths: [empty])
    }
    let broken = try write("b.jsonl", "", "7")
    #expect(
      throws: LongBenchData.Failure.noSamples(paths: [broken], firstFinding: finding(broken, 2, .notObject))
    ) { try LongBenchData(paths: [broken]) }
    let missing = folder.file("missing")
    #expect(throws: FileError.system(operation: "open", path: missing, code: ENOENT)) {
      try LongBenchData(paths: [missing])
    }
  }

  /// The data set of the guide.
  @Test func theSmallSetIsWhole() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("EvaluationTests/Resources/longbench-small.jsonl").path
    let data = try LongBenchData(paths: [path])
    #expect(data.findings.isEmpty && data.cells.count == 18 && Set(data.cells.map(\.task)).count == 13)
    // Answered with a reference, every sample has full marks; ROUGE-L's term of 10⁻⁸ costs 5·10⁻⁹.
    for cell in data.cells {
      let sample = try data.sample(of: cell)
      #expect(sample.score(sample.answers[0]) > 1 - 1e-8, "\(cell)")
      #expect(sample.score("§") == 0, "\(cell)")
    }
  }
}
