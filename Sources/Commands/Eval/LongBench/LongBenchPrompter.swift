import Evaluation
import LlamaEngine

/// Turns samples into tokens: template, cut in the middle, chat template, and the place where the cache ends.
struct LongBenchPrompter {
  let model: LlamaModel
  /// What is put around the prompts of tasks that are asked as a message; nil puts nothing.
  let frame: ChatFrame?
  /// The most tokens of a prompt before the chat template, its begin token included.
  let promptLimit: Int
  /// Whether control tokens that the prompts name become those tokens where no chat template is; in one they always do.
  let parsesControl: Bool
  /// The most tokens that come on top of the limit: the chat template's, and `slack`.
  let mostAround: Int

  /// Texts that are cut and joined may have a few tokens more than before.
  static let slack = 32
  /// The least limit: the shorter templates fit into it.
  static let leastLimit = 64

  /// - Parameter promptLimit: nil leaves as much of the model's context as the longest answer and the chat template take.
  /// - Throws: `EngineError.textNotConverted`.
  init(model: LlamaModel, frame: ChatFrame?, promptLimit: Int?, parsesControl: Bool = false) throws {
    self.model = model
    self.frame = frame
    self.parsesControl = parsesControl
    let around =
      try frame.map { try model.tokenize($0.before + $0.after, addSpecial: false, parseSpecial: true).count } ?? 0
    mostAround = around + Self.slack
    let answer = LongBenchTask.allCases.map(\.maxAnswerTokens).max() ?? 0
    self.promptLimit = max(Self.leastLimit, promptLimit ?? model.trainingContext - answer - mostAround)
  }

  /// The tokens of a sample.
  ///
  /// The whole prompt is tokenized at once. Of its tokens, those are cached that it has in common with the prompt up to
  /// the end of the document; so the few at the end of the document that depend on what follows are fed after the cache.
  /// At least one token is cached and one follows.
  ///
  /// - Parameter room: the most tokens that the prompt may have in the end, the chat template's included.
  /// - Throws: `EngineError.contextExceeded` if no cut makes it fit; `EngineError.textNotConverted`.
  func prompt(of sample: LongBenchSample, room: Int) throws -> EvalPrompt {
    let frame = sample.task.usesChatTemplate ? frame : nil
    let parsesControl = frame != nil || parsesControl
    var limit = promptLimit
    while true {
      let cut = try sample.prompt.cut(
        to: limit, tokenize: { try model.tokenize($0) }, detokenize: { try model.detokenize($0) })
      let (document, whole) = Self.texts(cut.document, cut.question, in: frame)
      // The template writes the begin token itself.
      func tokenize(_ text: String) throws -> [Int32] {
        try model.tokenize(text, addSpecial: frame == nil, parseSpecial: parsesControl)
      }
      let tokens = try tokenize(whole)
      if tokens.count <= room {
        return try split(tokens, at: try tokenize(document))
      }
      // Joining the halves gave more tokens than the slack, or the room is less than the limit.
      guard limit > Self.leastLimit else { throw EngineError.contextExceeded(tokens: tokens.count, context: room) }
      limit = max(Self.leastLimit, limit - (tokens.count - room))
    }
  }

  /// The text up to the end of the document, and the whole, in the chat template's frame.
  private static func texts(_ document: String, _ question: String, in frame: ChatFrame?) -> (String, String) {
    guard let frame else { return (document, document + question) }
    return (
      frame.before + frame.shown(document, isOpen: true), frame.before + frame.shown(document + question) + frame.after
    )
  }

  private func split(_ tokens: [Int32], at document: [Int32]) throws -> EvalPrompt {
    guard tokens.count > 1 else { throw EngineError.emptyPrompt }
    let common = zip(tokens, document).prefix { $0 == $1 }.count
    let cached = max(1, min(common, tokens.count - 1))
    return EvalPrompt(cached: Array(tokens[..<cached]), following: Array(tokens[cached...]))
  }
}
