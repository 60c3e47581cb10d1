import Evaluation

/// `fkv eval perplexity`: how well a model goes on with texts from each method's version of their beginning.
public struct PerplexityPipeline: Sendable {
  public var setup: EvalSetup
  /// Text files.
  public var texts: [String]
  /// Tokens of each text that are cached; every number with every text.
  public var cached = [4096]
  /// Tokens that follow, 2 or more; the first is fed and not scored.
  public var following = 1024

  public init(setup: EvalSetup, texts: [String]) {
    self.setup = setup
    self.texts = texts
  }

  /// Runs what the log lacks; what the log holds then.
  ///
  /// - Parameter progress: called after each piece of work.
  /// - Throws: what is wrong with a text; `EvalFailure`; as `EvalSetup.run` does.
  public func run(progress: (EvalProgress) -> Void = { _ in }) throws -> PerplexityReport {
    let texts = try texts.map { path in
      PerplexityTask.Text(
        name: path.split(separator: "/").last.map(String.init) ?? path, text: try PromptText.read(path))
    }
    var plain: [String] = []
    let contents = try setup.run(progress: progress) { model in
      plain = try setup.plainControlTexts(in: texts.map(\.text), model: model)
      return try PerplexityTask(
        model: model, texts: texts, cached: cached, following: following, parsesControl: setup.parsesControl)
    }
    var report = PerplexityReport(contents)
    report.plainControlTexts = plain
    return report
  }
}
