import Evaluation
import Foundation
import LlamaEngine
import TestSupport
import Testing

@testable import Commands

extension ModelTests {
  /// Evaluations on the model that set-up fetched.
  @Suite(.serialized) struct EvalRunnerTests {
    private static let model = try! LlamaModel(path: ModelLocation.standardModel)
    private static let text = (0..<40).map { "Line \($0): the river runs past the old mill, and the miller counts." }
      .joined(separator: "\n")
    private let scratch = ScratchFolder()
    private var log: String { scratch.file("runs.jsonl") }

    private func engine(_ tokens: Int) throws -> EvalEngine {
      try EvalEngine(model: Self.model, contextTokens: tokens, threads: 1)
    }

    /// Cells are numbers, scores the number and the first logit's bits; counts its prefills.
    private final class CountingTask: EvalTask {
      let kind = "counting"
      var settings = ["a": "1"]
      let cells = [3, 1, 2]
      let contextTokens = 16
      var prompts: [Int] = []
      var references: [Int] = []
      var failsAt: Int?

      struct Broken: Error {}

      func work(of cell: Int) -> Double { Double(cell) }

      func prompt(of cell: Int) -> EvalPrompt {
        prompts.append(cell)
        return EvalPrompt(cached: Array(repeating: 5, count: 10 + cell), following: [7])
      }

      func reference(of cell: Int, prompt: EvalPrompt, on engine: EvalEngine) throws -> Int {
        references.append(cell)
        return 100 * cell
      }

      func score(of cell: Int, prompt: EvalPrompt, reference: Int, on engine: EvalEngine) throws -> Int {
        if cell == failsAt { throw Broken() }
        return reference + prompt.cached.count
      }
    }

    @Test func onePrefillACellAndNothingTwice() throws {
      let engine = try engine(16)
      let task = CountingTask()
      task.failsAt = 2
      var runner = EvalRunner(task, methods: try EvalMethod.list("full,q8_0"), log: log)
      var seen: [EvalProgress] = []
      #expect(throws: CountingTask.Broken.self) { try runner.run(on: engine) { seen.append($0) } }
      #expect(task.prompts == [3, 1, 2] && task.references == [3, 1, 2])
      #expect(seen.map(\.done) == [0, 1, 2, 2, 3, 4, 4] && seen.allSatisfy { $0.total == 6 && $0.secondsLeft != nil })

      // What was logged stays; only what is missing is run, more methods too.
      task.failsAt = nil
      task.prompts = []
      runner.methods = try EvalMethod.list("full,q8_0,q4_0")
      let found = try runner.run(on: engine)
      #expect(task.prompts == [3, 1, 2])
      #expect(found.lines.map(\.cell) == [3, 3, 1, 1, 3, 1, 2, 2, 2])
      #expect(found.lines.map(\.method) == ["full", "q8_0", "full", "q8_0", "q4_0", "q4_0", "full", "q8_0", "q4_0"])
      #expect(found.lines.map { $0.result?.score } == found.lines.map { 100 * $0.cell + 10 + $0.cell })
      let cost = try #require(found.lines[0].result?.cost)
      #expect(cost.cachedTokens == 13 && cost.fileBytes == cost.rawBytes && cost.rawBytes == 13 * 30 * 3 * 64 * 2 * 2)
      #expect(cost.ratio == 1 && cost.outsideBytes == 0)

      task.prompts = []
      #expect(try runner.run(on: engine).lines.map(\.key) == found.lines.map(\.key))
      #expect(task.prompts == [])
      task.settings = ["a": "2"]
      #expect(throws: RunLogError.otherSetting(path: log, name: "a", found: "1", asked: "2")) {
        try runner.run(on: engine)
      }
    }

    @Test func shardsMakeOneRun() throws {
      let engine = try engine(16)
      var paths: [String] = []
      for index in 1...2 {
        let path = scratch.file("\(index)")
        var runner = EvalRunner(CountingTask(), methods: [try EvalMethod("full")], log: path)
        runner.shard = Shard(index: index, count: 2)!
        #expect(try runner.run(on: engine).lines.map(\.cell) == (index == 1 ? [3, 2] : [1]))
        paths.append(path)
      }
      let merged = try RunLogContents<Int, EvalResult<Int>>(merging: paths)
      #expect(merged.lines.map(\.cell) == [3, 2, 1])
      #expect(merged.head.settings["model"]?.contains(Self.model.identity.fingerprint) == true)
      #expect(throws: MergedEvaluation.UnknownKind(path: paths[0], kind: "counting")) {
        try MergedEvaluation(logs: paths)
      }
    }

    @Test func aMissingBasisIsNoticedAtOnce() throws {
      var runner = EvalRunner(CountingTask(), methods: [try EvalMethod("spectral-model@12x")])
      runner.basisFile = scratch.file("missing")
      #expect(throws: (any Error).self) { try runner.run(on: engine(16)) }
    }

    @Test func aContextLongerThanTheModelsIsRefused() throws {
      #expect(throws: EngineError.contextExceeded(tokens: 8193, context: 8192)) { try engine(8193) }
    }

    @Test func perplexityOfAKeptCache() throws {
      let task = try PerplexityTask(
        model: Self.model, texts: [PerplexityTask.Text(name: "t", text: Self.text)], cached: [120], following: 9)
      let runner = EvalRunner(task, methods: try EvalMethod.list("full,lossless,q4_0,streaming@4x"))
      let lines = try runner.run(on: engine(task.contextTokens)).lines
      let scores = try lines.map { try #require($0.result?.score) }
      #expect(scores.allSatisfy { $0.tokens == 8 && $0.perplexityFull == scores[0].perplexityFull })
      for score in scores[0...1] {
        #expect(score.klMax == 0 && score.perplexityRestored == score.perplexityFull && score.top1Agreement == 1)
      }
      for score in scores[2...] {
        #expect(score.klMean > 0 && score.klMean <= score.klP99 && score.klP99 <= score.klMax)
      }

      // The same figures as `fkv verify --continue` gives.
      let session = try LlamaSession(model: Self.model, contextTokens: 130, threads: 1)
      let tokens = try Self.model.tokenize(Self.text)
      _ = try session.prefill(tokens: Array(tokens[..<120]))
      let cache = try session.capture(scratchFolder: scratch.path)
      let comparison = try ContinuationPipeline(
        model: Self.model, tokens: Array(tokens[120..<129]), threads: 1, scratchFolder: scratch.path
      ).run(full: cache, restored: cache)
      #expect(comparison.perplexityFull == scores[0].perplexityFull)
    }

    @Test func textsThatCannotBeScored() throws {
      func task(_ names: [String], cached: Int, following: Int) throws -> PerplexityTask {
        try PerplexityTask(
          model: Self.model, texts: names.map { PerplexityTask.Text(name: $0, text: "The river runs past the mill.") },
          cached: [cached], following: following)
      }
      let count = try Self.model.tokenize("The river runs past the mill.").count
      #expect(try task(["a"], cached: count - 2, following: 2).cells.count == 1)
      #expect(throws: EvalFailure.textTooShort(name: "a", tokens: count, cached: count, following: 2)) {
        try task(["a"], cached: count, following: 2)
      }
      #expect(throws: EvalFailure.repeatedName("a")) { try task(["a", "a"], cached: 2, following: 2) }
    }

    @Test func needlesAreFoundWhereTheyAreKept() throws {
      let cells = NeedleCell.grid(lengths: [200], depths: [0, 50], trials: 1)
      let task = try NeedleTask(
        model: Self.model, text: Self.text, texts: .code, cells: cells, maxAnswerTokens: 8)
      for cell in cells {
        let prompt = try task.prompt(of: cell)
        #expect(prompt.cached.count == 200)
        let text = try Self.model.detokenize(prompt.cached)
        #expect(text.contains("\nThe secret code of the blue door is \(cell.code).\n"))
        #expect(try Self.model.detokenize(prompt.following).hasPrefix("\nQuestion: "))
      }
      let runner = EvalRunner(task, methods: try EvalMethod.list("full,streaming@10x"))
      let report = NeedleReport(try runner.run(on: engine(task.contextTokens)))
      #expect(
        report.lengths == [200] && report.depths == [0, 50] && report.methods.map(\.name) == ["full", "streaming@10x"])
      #expect(report.methods[0].total == NeedleReport.Place(found: 2, trials: 2))
      // What StreamingLLM dropped cannot be found.
      #expect(report.methods[1].total == NeedleReport.Place(found: 0, trials: 2))
      #expect(report.methods[0].ratios == [1] && report.methods[1].ratios == [10])
      for line in report.lines { #expect(try #require(line.result).score.answer.contains("\n") == false) }
    }

    @Test func haystacksThatAreTooShort() throws {
      #expect {
        try NeedleTask(
          model: Self.model, text: Self.text, texts: .code, cells: [NeedleCell(length: 4000, depth: 0)],
          maxAnswerTokens: 8)
      } throws: { error in
        if case Haystack.Failure.tooShort(_, _, length: 4000) = error { true } else { false }
      }
    }
  }
}
