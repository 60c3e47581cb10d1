import Evaluation
import LlamaEngine

/// What every evaluation is told: the model, the methods, where results go.
public struct EvalSetup: Sendable {
  /// The GGUF file.
  public var model: String
  public var methods: [EvalMethod]
  /// The log of results; nil keeps them in memory.
  public var log: String?
  /// Which of the cells to work on.
  public var shard = Shard.whole
  /// The basis file of methods that need one; nil looks in the cache folder.
  public var basisFile: String?
  /// Whether control tokens that texts name become those tokens.
  public var parsesControl = false
  public var threads: Int

  public init(model: String, methods: [EvalMethod], threads: Int) {
    self.model = model
    self.methods = methods
    self.threads = threads
  }

  /// The control tokens that texts name, each once, where they are not to become those tokens.
  func plainControlTexts(in texts: [String], model: LlamaModel) throws -> [String] {
    try parsesControl ? [] : texts.flatMap { try model.controlTexts(in: $0) }.uniqued
  }

  /// Loads the model, runs what the log lacks, and returns all that the log holds then.
  ///
  /// - Parameter task: makes the task for the loaded model.
  /// - Throws: as `EvalRunner.run(on:progress:)` does.
  public func run<Task: EvalTask>(
    progress: (EvalProgress) -> Void = { _ in }, _ task: (LlamaModel) throws -> Task
  ) throws -> EvalRunner<Task>.Contents {
    let model = try LlamaModel(path: model)
    let task = try task(model)
    var runner = EvalRunner(task, methods: methods, log: log)
    runner.shard = shard
    runner.basisFile = basisFile
    return try runner.run(
      on: EvalEngine(model: model, contextTokens: task.contextTokens, threads: threads), progress: progress)
  }
}
