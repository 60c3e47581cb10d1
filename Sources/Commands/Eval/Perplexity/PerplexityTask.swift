import Evaluation
import Fidelity
import LlamaEngine

/// How well a model predicts the rest of a text from each method's version of its beginning.
///
/// A text's first tokens are cached, those that follow are predicted, over the full cache once and over every method's.
/// As in `ContinuationPipeline`, the first of the following tokens is fed and not scored.
public struct PerplexityTask: EvalTask {
  public let kind = "perplexity"
  public let cells: [PerplexityCell]
  public let contextTokens: Int
  private let texts: [String: [Int32]]
  private let parsesControl: Bool

  /// A text under its file name.
  public struct Text: Sendable {
    public var name: String
    public var text: String

    public init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }

  /// Prepares one cell for each text and each number of cached tokens.
  ///
  /// - Parameters:
  ///   - following: tokens of the continuation; 2 or more.
  ///   - parsesControl: whether control tokens that the texts name become those tokens.
  /// - Throws: `EvalFailure`; `EngineError` if a text cannot be tokenized.
  public init(model: LlamaModel, texts: [Text], cached: [Int], following: Int, parsesControl: Bool = false) throws {
    precondition(following >= 2 && cached.allSatisfy { $0 > 0 }, "nothing to score")
    var tokens: [String: [Int32]] = [:]
    for text in texts {
      guard tokens[text.name] == nil else { throw EvalFailure.repeatedName(text.name) }
      let all = try parsesControl ? model.tokenizeWithControl(text.text) : model.tokenize(text.text)
      for count in cached where count > all.count - following {
        throw EvalFailure.textTooShort(name: text.name, tokens: all.count, cached: count, following: following)
      }
      tokens[text.name] = all
    }
    self.texts = tokens
    self.parsesControl = parsesControl
    cells = texts.flatMap { text in
      cached.map { PerplexityCell(text: text.name, cached: $0, following: following) }
    }
    contextTokens = (cached.max() ?? 0) + following
  }

  public var settings: [String: String] {
    var settings = Dictionary(
      uniqueKeysWithValues: texts.map { ("text \($0.key)", "\(TokenFingerprint(of: $0.value))") })
    settings["control tokens"] = parsesControl ? "taken" : nil
    return settings
  }

  public func work(of cell: PerplexityCell) -> Double { Double(cell.cached + cell.following) }

  public func prompt(of cell: PerplexityCell) -> EvalPrompt {
    let tokens = texts[cell.text]!
    return EvalPrompt(
      cached: Array(tokens[..<cell.cached]), following: Array(tokens[cell.cached..<cell.cached + cell.following]))
  }

  /// The logits over the full cache, one row for each following token but the last.
  public func reference(of cell: PerplexityCell, prompt: EvalPrompt, on engine: EvalEngine) throws -> [Float] {
    var logits: [Float] = []
    logits.reserveCapacity((prompt.following.count - 1) * engine.model.vocabularySize)
    try engine.append(Array(prompt.following.dropLast())) { logits.append(contentsOf: $1) }
    return logits
  }

  public func score(of cell: PerplexityCell, prompt: EvalPrompt, reference: [Float], on engine: EvalEngine) throws
    -> PerplexityScore
  {
    let vocabulary = engine.model.vocabularySize
    var comparison = PredictionComparison()
    try reference.withUnsafeBufferPointer { full in
      try engine.append(Array(prompt.following.dropLast())) { index, row in
        comparison.add(
          full: UnsafeBufferPointer(rebasing: full[index * vocabulary..<(index + 1) * vocabulary]), restored: row,
          next: prompt.following[index + 1])
      }
    }
    return PerplexityScore(comparison)
  }
}
