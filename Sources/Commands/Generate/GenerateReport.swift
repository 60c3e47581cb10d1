import KVCacheModel

/// What was generated, and how long each part took.
public struct GenerateReport: Sendable {
  /// Of the cache.
  public var description: CacheDescription
  /// Tokens fed after the cache before the answer.
  public var fedTokens: Int
  public var text: String
  /// The answer's token ids, without the one that ended it.
  public var tokens: [Int32]
  public var stop: Stop
  /// From the file to all keys and values in memory.
  public var decodeSeconds: Double
  /// From memory into the engine.
  public var loadSeconds: Double
  /// From the loaded cache to the answer's first token.
  public var firstTokenSeconds: Double
  /// From the first token to the last.
  public var otherTokensSeconds: Double
  /// What the prefill had cost when the cache was captured; nil where the file does not say.
  public var recordedPrefillSeconds: Double?
  /// The prefill done again; nil if it was not asked for.
  public var repeated: Repeated?
  /// The context that the model was trained with, if cache, prompt and answer are longer.
  public var exceededContext: Int?
  /// The control tokens that the prompt names and that were fed as plain text; empty where they were asked for, and for
  /// a prompt in the model's chat template.
  public var plainControlTexts: [String]

  /// Why the answer ended.
  public enum Stop: String, Hashable, Sendable {
    /// The model ended it.
    case endOfGeneration = "end-of-generation"
    /// It has as many tokens as were allowed.
    case maxTokens = "max-tokens"
    /// The context that the model was trained with is full.
    case context
  }

  /// The same first token without the cache.
  public struct Repeated: Hashable, Sendable {
    public var prefillSeconds: Double
    public var firstTokenSeconds: Double
    /// Whether the prefill gave the same first token.
    public var isSameToken: Bool
    /// From the prompt to the first token.
    public var totalSeconds: Double { prefillSeconds + firstTokenSeconds }
  }

  /// From the file to the first token: decode, load and first token.
  public var totalSeconds: Double { decodeSeconds + loadSeconds + firstTokenSeconds }

  /// How many times as long the first token took by a prefill, repeated if it was, else recorded; nil if unknown.
  public var speedup: Double? {
    let full = repeated?.totalSeconds ?? recordedPrefillSeconds.map { $0 + firstTokenSeconds }
    return full.map { $0 / totalSeconds }
  }
}
