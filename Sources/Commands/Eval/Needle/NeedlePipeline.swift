import Evaluation

/// `fkv eval needle`: what can still be found in a long text, by length, depth and method.
public struct NeedlePipeline: Sendable {
  public var setup: EvalSetup
  /// Text files that needles are hidden in, one after the other.
  public var haystacks: [String]
  public var texts = NeedleTexts.code
  /// Cached tokens.
  public var lengths = [1024, 2048, 4096]
  /// In percent of the text.
  public var depths: [Double] = [0, 25, 50, 75, 100]
  /// Needles for each length and depth.
  public var trials = 1
  /// The most tokens of an answer, which also ends with its first line.
  public var maxAnswerTokens = 24

  public init(setup: EvalSetup, haystacks: [String]) {
    self.setup = setup
    self.haystacks = haystacks
  }

  /// Runs what the log lacks; what the log holds then.
  ///
  /// - Parameter progress: called after each piece of work.
  /// - Throws: what is wrong with a haystack; `Haystack.Failure` if it is too short; as `EvalSetup.run` does.
  public func run(progress: (EvalProgress) -> Void = { _ in }) throws -> NeedleReport {
    let text = try haystacks.map(PromptText.read).joined(separator: "\n\n")
    let cells = NeedleCell.grid(lengths: lengths, depths: depths, trials: trials)
    var plain: [String] = []
    let contents = try setup.run(progress: progress) { model in
      plain = try setup.plainControlTexts(in: [text, texts.needle, texts.question, texts.answer], model: model)
      return try NeedleTask(
        model: model, text: text, texts: texts, cells: cells, maxAnswerTokens: maxAnswerTokens,
        parsesControl: setup.parsesControl)
    }
    var report = NeedleReport(contents)
    report.plainControlTexts = plain
    return report
  }
}
