/// Which of LongRoPE's two lists of factors keys were rotated with (arXiv 2402.13753).
///
/// Engines take the short factors up to the model's original context and the long ones beyond: llama.cpp by the length
/// of its context, whatever the prompt's. Keys of one kind are noise to an engine that takes the other.
public enum LongRope: String, Hashable, Sendable, CaseIterable {
  case short, long

  /// What `RotaryEmbedding.scaling` says of such keys: `longrope-short` or `longrope-long`.
  public var scaling: String { "longrope-" + rawValue }
}

extension RotaryEmbedding {
  /// The factors that the keys carry, if the description names them; nil for other embeddings, and for LongRoPE caches
  /// that were made before they were named.
  public var longRope: LongRope? { LongRope.allCases.first { $0.scaling == scaling } }
}

extension CacheDescription {
  /// The provenance entry that names the context up to which the model's short factors apply.
  public static let originalContextKey = "longrope.original_context"

  /// The factors that the cache's keys carry; nil where no embedding names them.
  public var longRope: LongRope? { ropes.lazy.compactMap(\.longRope).first }
}
