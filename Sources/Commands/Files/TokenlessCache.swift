import Interchange
import KVCacheModel

/// A cache without anything that holds text or token ids of its prompt.
///
/// Besides the ids these are lines of provenance: programs keep prompts, conversations and next tokens there under names
/// of their own, so that only lines which fkv itself writes, and which hold no text, stay.
struct TokenlessCache: CacheSource {
  let source: any CacheSource

  var description: CacheDescription {
    var description = source.description
    description.tokens = nil
    description.provenance = description.provenance.filter { Self.isHarmless($0.key) }
    return description
  }

  /// What was taken out besides the ids.
  var losses: [ConversionLoss] {
    source.description.provenance.keys.filter { !Self.isHarmless($0) }.sorted().map {
      ConversionLoss(.dropped, "\"\(excerpt($0))\" is left out, since it may hold text of the prompt")
    }
  }

  func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor { try source.tensor(kind, layer: layer) }
  func probeQueries(layer: Int) throws -> ProbeQueries? { try source.probeQueries(layer: layer) }

  /// Names of lines that fkv writes and that hold settings, versions, names of models and counts.
  private static let harmless: Set<String> = [
    "writer", "engine", "engine.context", "engine.attention", "chat_template", "prompt_tokens", PrefillRecord.key,
    "salvaged", "source.format", "source.version", "source.key_type", "source.value_type", "supplied.model",
    "supplied.architecture", "supplied.query_heads", "supplied.rope", "supplied.rope_pairs", "supplied.tokens",
    "supplied.attention_scale", "supplied.engine_context", "mlx.model", CacheDescription.originalContextKey,
    ModelIdentity.formerFingerprintKey, GrowthRecord.cachedTokensKey, GrowthRecord.sourceKey,
  ]

  private static func isHarmless(_ name: String) -> Bool { harmless.contains(name) }
}
