import CacheCodec

/// Why attention cannot be computed from what a file keeps of a layer.
public enum FlashAttentionError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file is of another profile.
  case wrongProfile(found: Profile, needed: Profile)
  /// Keys and values are split at different tokens, or have different periods: no encoder of ours writes that.
  case unequalParts(keys: String, values: String)
  /// The period has no room for another token of the middle.
  case periodFull(period: Int)
  /// The published reconstruction cannot take up tokens.
  case notExtensible

  public var description: String {
    switch self {
    case .wrongProfile(let found, let needed): "the profile is \(found.name); this needs \(needed.name)"
    case .unequalParts(let keys, let values): "keys are kept as \(keys), values as \(values)"
    case .periodFull(let period): "the middle fills the period of \(period) tokens; compress with a longer --period"
    case .notExtensible: "the published reconstruction cannot take up tokens"
    }
  }
}
