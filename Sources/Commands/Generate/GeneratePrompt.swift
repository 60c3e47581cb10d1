import KVCacheModel
import LlamaEngine

/// What is fed after a cache before the answer begins.
///
/// | The cache's prompt | without chat | with chat |
/// |---|---|---|
/// | a text as it is (`off`) | the prompt as it is | a new user's turn with the prompt |
/// | a user's whole message (`on`) | the prompt, as the answer's beginning | a new user's turn with the prompt |
/// | an open user's message (`open`) | the prompt as it is | an empty line, the prompt, the message's end |
///
/// Without a word from the caller, chat is used where the message is open.
struct GeneratePrompt {
  /// One token or more.
  var tokens: [Int32]
  /// Whether `tokens` is the last cached token, which is taken out of the cache and fed again: a cache holds no logits,
  /// so with no other token there is nothing to go on from.
  var repeatsLastToken = false
  /// Whether the chat template stands around the prompt.
  let usesChat: Bool

  /// Makes the tokens of a prompt.
  ///
  /// - Parameter parsesControl: whether control tokens that the prompt names become those tokens.
  /// - Throws: `GenerateFailure`; `EngineError` if the model has no chat template, or none that can be used.
  init(
    _ prompt: String, parsesControl: Bool = false, usesChat: Bool?, system: String?, after cache: CacheDescription,
    model: LlamaModel
  ) throws {
    let captured = CapturedChat(provenance: cache.provenance)
    let usesChat = usesChat ?? (captured == .open)
    self.usesChat = usesChat
    if system != nil, !usesChat || captured == .open { throw GenerateFailure.systemWithoutTurn }
    if usesChat {
      guard !prompt.isEmpty || captured == .open else { throw GenerateFailure.emptyTurn }
      tokens =
        captured == .open
        ? try model.closingTokens(of: prompt.isEmpty ? "" : "\n\n" + prompt, parsesControl: parsesControl)
        : try model.turnTokens(
          of: prompt, system: system, isAnswer: captured == .on,
          last: cache.tokens.flatMap { $0.count == cache.geometry.endPosition ? $0.last : nil },
          parsesControl: parsesControl)
    } else {
      tokens = try model.tokenize(following: prompt, parseSpecial: parsesControl)
    }
    guard tokens.isEmpty else { return }
    guard let known = cache.tokens, let last = known.last, known.count >= cache.geometry.tokens else {
      throw GenerateFailure.unknownTokens
    }
    tokens = [last]
    repeatsLastToken = true
  }
}

/// Why a cache cannot be gone on from as asked.
public enum GenerateFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The cache does not hold its token ids, which going on without a prompt and a repeated prefill need.
  case unknownTokens
  /// A system message was given, and there is no new turn that it could begin.
  case systemWithoutTurn
  /// A new user's turn without a text.
  case emptyTurn

  public var description: String {
    switch self {
    case .unknownTokens: "the cache does not hold its token ids; give a prompt, and no --repeat-prefill"
    case .systemWithoutTurn:
      "a system message can only begin a new turn (--chat after a text); a captured message has its own: capture --system"
    case .emptyTurn: "a new turn needs a prompt"
    }
  }
}
