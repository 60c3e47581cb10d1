import FileIO
import Foundation
import TestSupport
import Testing

@testable import Evaluation

@Suite struct LongBenchFileTests {
  private let folder = ScratchFolder()

  private func file(_ text: String, _ name: String = "qasper.jsonl") throws -> LongBenchFile {
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file(name)))
    return try LongBenchFile(path: folder.file(name))
  }

  @Test func brokenLinesAreNumberedAndTheRestGoesOn() throws {
    let good = LongBenchSampleTests.line
    let file = try file("\(good)\n\n{\"input\": \n \t\r\n\(good)\r\n{}\n\(good)")
    #expect(file.count == 5)
    #expect((0..<5).map(file.number) == [1, 3, 5, 6, 7])
    let path = folder.file("qasper.jsonl")
    let expected: [Result<LongBenchSample, LongBenchFinding>] = [
      .success(try LongBenchSampleTests.sample()), .failure(.init(path: path, line: 3, fault: .notJSON)),
      .success(try LongBenchSampleTests.sample()),
      .failure(.init(path: path, line: 6, fault: .missingField("dataset"))),
      .success(try LongBenchSampleTests.sample()),
    ]
    for (index, expected) in expected.enumerated() { #expect(try file.sample(at: index) == expected) }
    #expect(
      "\(LongBenchFinding(path: "f", line: 6, fault: .missingField("dataset")))" == "f: line 6: no field \"dataset\"")
  }

  @Test func emptyFilesHaveNoLines() throws {
    for text in ["", "\n", " \n\t\r\n"] { #expect(try file(text).count == 0) }
  }

  /// Lines that lie across the pieces that are read.
  @Test func linesOfAnyLength() throws {
    let good = LongBenchSampleTests.line
    let filler = String(repeating: "x", count: (1 << 20) - good.utf8.count / 2)
    let file = try file("\(filler)\n\(good)\n\(good)")
    #expect((0..<file.count).map(file.number) == [1, 2, 3])
    for index in 1..<3 { #expect(try file.sample(at: index) == .success(LongBenchSampleTests.sample())) }
  }

  @Test func aLineBeyondTheLimitIsNotRead() throws {
    let path = folder.file("long.jsonl")
    #expect(FileManager.default.createFile(atPath: path, contents: Data("{".utf8)))
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    let limit = LongBenchFile.lineLimit
    try handle.truncate(atOffset: UInt64(limit + 1))
    try handle.close()
    let file = try LongBenchFile(path: path)
    let fault = LongBenchFault.lineTooLong(bytes: limit + 1, limit: limit)
    #expect(try file.sample(at: 0) == .failure(LongBenchFinding(path: path, line: 1, fault: fault)))
  }

  @Test func theNameTellsLongBenchE() throws {
    let extended = try file(LongBenchSampleTests.line, "qasper_e.jsonl")
    #expect(try extended.sample(at: 0) == .success(LongBenchSampleTests.sample(extended: true)))
  }

  @Test func missingFilesAreFileErrors() {
    let path = folder.file("none.jsonl")
    #expect(throws: FileError.system(operation: "open", path: path, code: ENOENT)) { try LongBenchFile(path: path) }
  }
}
