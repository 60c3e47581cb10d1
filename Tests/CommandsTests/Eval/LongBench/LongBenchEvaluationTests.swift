import Evaluation
import Foundation
import LlamaEngine
import TestSupport
import Testing

@testable import Commands

/// Answers of the model that set-up fetched.
@Suite(.serialized) struct LongBenchEvaluationTests {
  private let folder = ScratchFolder()
  private static let model = try! LlamaModel(path: ModelLocation.standardModel)

  /// The first token is the most likely of those that an answer may begin with.
  @Test func answersBeginAsTheyMay() throws {
    let engine = try EvalEngine(model: Self.model, contextTokens: 64, threads: 1)
    let tokens = try Self.model.tokenize("One, two, three, four, five, six,")
    let cache = try engine.prefill(Array(tokens.dropLast()))
    func answer(_ begins: @escaping (Int32) -> Bool) throws -> [Int32] {
      try engine.load(cache)
      return try engine.answer(after: [tokens.last!], maxTokens: 3, begins: begins)
    }
    let free = try answer { _ in true }
    #expect(free.count == 3)
    let other = try answer { $0 != free[0] }
    #expect(other.count == 3 && other[0] != free[0])
    // Only the first token is bound.
    #expect(try answer { $0 == free[0] } == free)
    #expect(try answer { $0 == 500 }.first == 500)
  }

  /// `samsum` answers in one line that is not empty.
  @Test func dialoguesAreSummedUpInALine() throws {
    let line = #"""
      {"dataset":"samsum","_id":"1","input":"Dialogue: Ada: tea?\nBen: yes\nSummary: ","answers":["Ben wants tea."],\#
      "context":"Dialogue: Lea: is it late?\nMax: no\nSummary: It is not late.","length":14}
      """#
    try Data(line.utf8).write(to: URL(fileURLWithPath: folder.file("samsum.jsonl")))
    let setup = EvalSetup(model: ModelLocation.standardModel, methods: try EvalMethod.list("full"), threads: 1)
    var progress: [EvalProgress] = []
    let report = try LongBenchPipeline(setup: setup, paths: [folder.path]).run { progress.append($0) }
    let result = try #require(report.lines.first?.result)
    #expect(!result.score.answer.isEmpty && !result.score.answer.contains("\n"))
    #expect((1..<128).contains(result.score.answerTokens))
    #expect(report.table.rows == ["samsum"] && report.ratios == ["full": 1])
    #expect(progress.last?.done == 1 && progress.last?.total == 1)
    #expect(report.head.settings["chat template"] == "on")
  }

  /// A limit that the model's context cannot hold is refused before anything runs, if a prompt is that long.
  @Test func limitsBeyondTheModelAreRefused() throws {
    let text = String(repeating: "word ", count: 4000)
    let line = #"{"dataset":"qasper","input":"","context":"\#(text)","answers":["x"]}"#
    try Data(line.utf8).write(to: URL(fileURLWithPath: folder.file("d.jsonl")))
    var pipeline = LongBenchPipeline(
      setup: EvalSetup(model: ModelLocation.standardModel, methods: try EvalMethod.list("full"), threads: 1),
      paths: [folder.file("d.jsonl")])
    pipeline.promptLimit = 9000
    #expect(throws: EngineError.self) { try pipeline.run() }
  }
}
