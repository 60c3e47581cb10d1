import Evaluation
import Foundation
import LlamaEngine

/// Needle In A Haystack (Kamradt 2023): a sentence is hidden in a long text at a depth, and the model is asked for it.
///
/// The text with the needle is the cached part; the question follows the restored cache.
public struct NeedleTask: EvalTask {
  public let kind = "needle"
  public let cells: [NeedleCell]
  public let contextTokens: Int
  private let model: LlamaModel
  private let haystack: Haystack
  private let texts: NeedleTexts
  private let maxAnswerTokens: Int
  private let parsesControl: Bool

  /// Prepares the grid.
  ///
  /// - Parameters:
  ///   - text: what needles are hidden in.
  ///   - maxAnswerTokens: the most tokens of an answer, which also ends with its first line.
  ///   - parsesControl: whether control tokens that the texts name become those tokens.
  /// - Throws: `Haystack.Failure` if the text is too short for one of the cells, or the needle too long;
  ///   `EngineError` if a text cannot be tokenized.
  public init(
    model: LlamaModel, text: String, texts: NeedleTexts, cells: [NeedleCell], maxAnswerTokens: Int,
    parsesControl: Bool = false
  ) throws {
    self.model = model
    self.texts = texts
    self.cells = cells
    self.maxAnswerTokens = maxAnswerTokens
    self.parsesControl = parsesControl
    var tokens = try model.tokenize(text, addSpecial: false, parseSpecial: parsesControl)
    // A text that begins with the model's own first token would have it twice.
    if tokens.starts(with: model.startTokens) { tokens.removeFirst(model.startTokens.count) }
    haystack = Haystack(
      start: model.startTokens, tokens: tokens,
      sentenceEnds: try Self.sentenceEnds(of: tokens, model))
    var context = 0
    for cell in cells {
      let prompt = try Self.prompt(
        of: cell, texts: texts, haystack: haystack, model: model, parsesControl: parsesControl)
      let expected = try model.tokenize(
        " \(texts.filled(for: cell).answer)", addSpecial: false, parseSpecial: parsesControl)
      context = max(context, prompt.cached.count + prompt.following.count + max(maxAnswerTokens, expected.count))
    }
    contextTokens = context
  }

  public var settings: [String: String] {
    var settings = [
      "haystack": "\(TokenFingerprint(of: haystack.tokens))", "needle": texts.needle, "question": texts.question,
      "answer": texts.answer, "answer tokens": "\(maxAnswerTokens)",
    ]
    settings["control tokens"] = parsesControl ? "taken" : nil
    return settings
  }

  public func work(of cell: NeedleCell) -> Double { Double(cell.length) }

  public func prompt(of cell: NeedleCell) throws -> EvalPrompt {
    try Self.prompt(of: cell, texts: texts, haystack: haystack, model: model, parsesControl: parsesControl)
  }

  public func score(of cell: NeedleCell, prompt: EvalPrompt, reference: Void, on engine: EvalEngine) throws
    -> NeedleScore
  {
    let answer = try engine.answer(after: prompt.following, maxTokens: maxAnswerTokens) { token, answer in
      guard try model.bytes(of: token).contains(UInt8(ascii: "\n")) else { return false }
      return try model.detokenize(answer).contains { !$0.isWhitespace }
    }
    engine.forget(after: prompt.cached.count)
    return NeedleScore(
      answer: try model.detokenize(answer), expected: texts.filled(for: cell).answer,
      logProbability: try engine.logProbability(of: expectedTokens(of: cell, after: prompt), after: prompt.following))
  }

  /// The tokens of the expected answer where it follows the question after a space; none where the two run together.
  private func expectedTokens(of cell: NeedleCell, after prompt: EvalPrompt) throws -> [Int32] {
    let texts = texts.filled(for: cell)
    let tokens = try model.tokenize(
      "\n\(texts.question) \(texts.answer)", addSpecial: false, parseSpecial: parsesControl)
    return tokens.starts(with: prompt.following) ? Array(tokens.dropFirst(prompt.following.count)) : []
  }

  private static func prompt(
    of cell: NeedleCell, texts: NeedleTexts, haystack: Haystack, model: LlamaModel, parsesControl: Bool
  ) throws -> EvalPrompt {
    let texts = texts.filled(for: cell)
    return EvalPrompt(
      cached: try haystack.prompt(
        needle: try model.tokenize(
          "\n\(texts.needle)\n", addSpecial: false, parseSpecial: parsesControl), length: cell.length, depth: cell.depth
      ),
      following: try model.tokenize("\n\(texts.question)", addSpecial: false, parseSpecial: parsesControl))
  }

  /// The ids among `tokens` whose text ends a sentence or a paragraph: in `.`, `!` or `?`, or holds an empty line.
  private static func sentenceEnds(of tokens: [Int32], _ model: LlamaModel) throws -> Set<Int32> {
    try Set(tokens).filter { token in
      let bytes = try model.bytes(of: token)
      let isSpace = { (byte: UInt8) in " \n\r\t".utf8.contains(byte) }
      guard let last = bytes.last(where: { !isSpace($0) }) else { return bytes.count { $0 == UInt8(ascii: "\n") } > 1 }
      return ".!?".utf8.contains(last)
    }
  }
}
