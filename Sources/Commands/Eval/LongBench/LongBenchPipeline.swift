import Evaluation

/// `fkv eval longbench`: how well a model answers LongBench's questions from each method's version of the documents.
public struct LongBenchPipeline: Sendable {
  public var setup: EvalSetup
  /// Files in LongBench's layout, and folders of them.
  public var paths: [String]
  /// Only these tasks; nil takes all.
  public var rows: Set<LongBenchRow>?
  /// The first samples of each task only; nil takes all.
  public var limit: Int?
  /// The most tokens of a prompt without chat template; longer ones are cut in the middle. nil takes what the model's
  /// context holds besides chat template and the longest answer.
  public var promptLimit: Int?
  /// Whether tasks that LongBench asks chat models as a message are; nil says yes if the model has a chat template.
  public var usesChatTemplate: Bool?

  /// The least `promptLimit`: the shorter templates fit into it.
  public static let leastPromptLimit = LongBenchPrompter.leastLimit

  public init(setup: EvalSetup, paths: [String]) {
    self.setup = setup
    self.paths = paths
  }

  /// Runs what the log lacks; what the log holds then, and the lines of the files that were passed over.
  ///
  /// - Parameter progress: called after each piece of work.
  /// - Throws: `FileError` for files that cannot be read, `LongBenchData.Failure` if they hold nothing to be asked;
  ///   `EngineError.contextExceeded` if the limit is beyond the model; as `EvalSetup.run` does.
  public func run(progress: (EvalProgress) -> Void = { _ in }) throws -> LongBenchReport {
    let data = try LongBenchData(paths: paths, rows: rows, limit: limit)
    let contents = try setup.run(progress: progress) { model in
      try LongBenchEvaluation(
        model: model, data: data, promptLimit: promptLimit, usesChatTemplate: usesChatTemplate,
        parsesControl: setup.parsesControl)
    }
    return LongBenchReport(contents, findings: data.findings)
  }
}
