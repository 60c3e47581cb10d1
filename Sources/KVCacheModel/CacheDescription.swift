/// Which model made a cache.
public struct ModelIdentity: Hashable, Sendable {
  /// The model's own name, from its file; may be empty.
  public var name: String
  /// `llama`, `qwen2`, `gemma3`, …; may be empty where a foreign file does not say.
  public var architecture: String
  /// A hash over the model file (formats/capture.md says of what), in hexadecimal; empty where unknown.
  public var fingerprint: String

  public init(name: String, architecture: String, fingerprint: String) {
    self.name = name
    self.architecture = architecture
    self.fingerprint = fingerprint
  }
}

/// A fact about a cache for which its description holds a stand-in, since it is not known.
public enum UnknownFact: String, Hashable, Sendable, CaseIterable {
  /// `queryHeads` of all layers; the stand-in is as many as KV heads.
  case queryHeads = "query_heads"
  /// `ropes`; the stand-in is none.
  case rope
  /// `attentionScale`; the stand-in is 1/√D.
  case attentionScale = "attention_scale"
}

/// All that is known of a cache besides its numbers.
public struct CacheDescription: Hashable, Sendable {
  public var model: ModelIdentity
  public var geometry: CacheGeometry
  /// The rotary embeddings that layers refer to by `LayerGeometry.ropeIndex`; never empty.
  public var ropes: [RotaryEmbedding]
  /// The prompt's token ids; nil where they are unknown or were left out. May be longer than a layer's cache
  /// (sliding windows), never shorter.
  public var tokens: [Int32]?
  /// How keys and values are stored; one type for each.
  public var keyType: ElementType
  public var valueType: ElementType
  /// What q·k is multiplied by before the softmax; 1/√D unless the model says otherwise.
  public var attentionScale: Float
  /// c in c·tanh(score/c), where the model caps its scores (Gemma 2); nil elsewhere.
  public var attentionSoftcap: Float?
  /// P, probe queries that the capture holds for each layer; 0 where it holds none.
  public var probeQueries: Int
  /// Where the cache came from: tool versions and settings, by name.
  public var provenance: [String: String]
  /// What is not known, of which the properties above hold a stand-in; empty for captures and `.fkv` files.
  public var unknown: Set<UnknownFact> = []

  public init(
    model: ModelIdentity, geometry: CacheGeometry, ropes: [RotaryEmbedding], tokens: [Int32]?,
    keyType: ElementType = .float16, valueType: ElementType = .float16, attentionScale: Float,
    attentionSoftcap: Float? = nil, probeQueries: Int = 0, provenance: [String: String] = [:]
  ) {
    precondition(!ropes.isEmpty && geometry.layers.allSatisfy { ropes.indices.contains($0.ropeIndex) })
    self.model = model
    self.geometry = geometry
    self.ropes = ropes
    self.tokens = tokens
    self.keyType = keyType
    self.valueType = valueType
    self.attentionScale = attentionScale
    self.attentionSoftcap = attentionSoftcap
    self.probeQueries = probeQueries
    self.provenance = provenance
  }

  /// The type that keys or values are stored in.
  public func elementType(of kind: CacheKind) -> ElementType { kind == .key ? keyType : valueType }

  /// Bytes of all keys and values in their stored types.
  public var storedByteCount: Int {
    geometry.layers.reduce(0) { $0 + $1.elementCount * (keyType.byteCount + valueType.byteCount) }
  }
}
