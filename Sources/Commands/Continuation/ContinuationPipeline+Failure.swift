extension ContinuationPipeline {
  /// Why a continuation cannot be scored.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The first token is not scored, so fewer than two give nothing.
    case tooShort(tokens: Int)
    /// A cache of `cached` positions and the continuation are together longer than the model was trained for.
    case contextTooSmall(cached: Int, continuation: Int, context: Int)
    /// The bytes of a continuation are not UTF-8.
    case notText(source: String)
    /// The text should begin with the prompt, but the cache does not know its tokens.
    case unknownPrompt
    /// The text should begin with the prompt, but differs from it, or ends, at this token.
    case otherPrompt(token: Int)

    public var description: String {
      switch self {
      case .tooShort(0): "the continuation is empty"
      case .tooShort(let tokens):
        "the continuation has \(tokens == 1 ? "one token" : "\(tokens) tokens"), two or more are needed: the first is "
          + "fed and not scored"
      case .contextTooSmall(let cached, let continuation, let context):
        "\(cached) cached tokens and \(continuation) of the continuation do not fit into the model's context of "
          + "\(context)"
      case .notText(let source): "\(source): the continuation is not UTF-8 text"
      case .unknownPrompt: "the reference does not hold its token ids, so where the prompt ends is unknown"
      case .otherPrompt(let token): "the continuation's text does not begin with the prompt: token \(token) differs"
      }
    }
  }
}
