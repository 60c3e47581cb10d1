import Evaluation
import LlamaEngine

/// `fkv eval longbench`: samples of LongBench, each method answering from its own version of the document's cache.
///
/// The prompt up to the end of the document is cached; what the template puts after it follows the restored cache, and
/// then the answer, greedily, as in LongBench's `pred.py`.
public struct LongBenchEvaluation: EvalTask {
  public let kind = "longbench"
  public let cells: [LongBenchCell]
  public let contextTokens: Int
  private let data: LongBenchData
  private let model: LlamaModel
  private let prompter: LongBenchPrompter
  /// The token of a lone line feed; nil if the model has none.
  private let lineFeed: Int32?

  /// Prepares samples.
  ///
  /// - Parameters:
  ///   - promptLimit: the most tokens of a prompt without chat template, longer ones are cut in the middle; nil leaves
  ///     of the model's context what chat template and the longest answer of any task need.
  ///   - usesChatTemplate: whether tasks that LongBench asks chat models as a message are; nil says yes if the model has
  ///     a chat template.
  ///   - parsesControl: whether control tokens that the prompts name become those tokens where no chat template is.
  /// - Throws: `EngineError.noChatTemplate` if one is asked for, `.unsupportedChatTemplate` if the model's cannot be used.
  public init(
    model: LlamaModel, data: LongBenchData, promptLimit: Int? = nil, usesChatTemplate: Bool? = nil,
    parsesControl: Bool = false
  ) throws {
    self.model = model
    self.data = data
    cells = data.cells
    let frame = try Self.frame(of: model, usesChatTemplate: usesChatTemplate)
    prompter = try LongBenchPrompter(model: model, frame: frame, promptLimit: promptLimit, parsesControl: parsesControl)
    let answer = Set(data.cells.map(\.task)).compactMap { LongBenchRow(name: $0)?.task.maxAnswerTokens }.max() ?? 0
    // A token has at least one byte; begin and end tokens have none.
    let longest = min(prompter.promptLimit, data.longestPrompt + 2)
    contextTokens = longest + prompter.mostAround + answer
    lineFeed = try model.tokenize("\n", addSpecial: false).last
  }

  /// A model without a template is asked without one; one whose template cannot be used is not asked otherwise in secret.
  private static func frame(of model: LlamaModel, usesChatTemplate: Bool?) throws -> ChatFrame? {
    guard usesChatTemplate != false else { return nil }
    do { return try model.chatFrame() } catch EngineError.noChatTemplate where usesChatTemplate == nil { return nil }
  }

  public var settings: [String: String] {
    var settings = [
      "tokens of a prompt": "\(prompter.promptLimit)", "chat template": prompter.frame == nil ? "off" : "on",
    ]
    settings["control tokens"] = prompter.parsesControl ? "taken" : nil
    return settings
  }

  /// By the document's words; answers take about as long as a few hundred of them.
  public func work(of cell: LongBenchCell) -> Double {
    Double(min(cell.length ?? 2000, prompter.promptLimit)) + 4 * Double(task(of: cell).maxAnswerTokens)
  }

  public func prompt(of cell: LongBenchCell) throws -> EvalPrompt {
    try prompter.prompt(of: try data.sample(of: cell), room: contextTokens - task(of: cell).maxAnswerTokens)
  }

  public func score(of cell: LongBenchCell, prompt: EvalPrompt, reference: Void, on engine: EvalEngine) throws
    -> LongBenchAnswer
  {
    let sample = try data.sample(of: cell)
    let endsAtLineFeed = sample.task.endsAtLineFeed
    let tokens = try engine.answer(
      after: prompt.following, maxTokens: sample.task.maxAnswerTokens,
      stops: { token, answer in
        if endsAtLineFeed, token == lineFeed { return true }
        return try sample.task.isSettled(by: model.detokenize(answer))
      },
      begins: { token in !endsAtLineFeed || (token != lineFeed && !model.isEndOfGeneration(token)) })
    let answer = try model.detokenize(tokens)
    return LongBenchAnswer(score: sample.score(answer), answer: answer, answerTokens: tokens.count)
  }

  private func task(of cell: LongBenchCell) -> LongBenchTask { LongBenchRow(name: cell.task)!.task }
}
