import KVCacheModel

/// What the user says of a cache in addition to its file; nil is not said.
public struct SuppliedFacts: Sendable {
  /// What `--model` told.
  public var model: ModelFacts?
  /// `--tokens`.
  public var tokens: [Int32]?
  /// `--kv-heads`, `--head-dim`, `--query-heads`: the same for all layers.
  public var kvHeads: Int?
  public var headDim: Int?
  public var queryHeads: Int?
  /// `--architecture`, as GGUF files or Transformers' `model_type` name it.
  public var architecture: String?
  /// `--rope-theta`, `--rope-pairs`, `--rope-dimensions` (nil: the head dimension).
  public var ropeTheta: Double?
  public var ropePairs: RotaryEmbedding.Pairing?
  public var ropeDimensions: Int?
  /// `--engine-context`: the context of the engine that computed the keys, which decides a LongRoPE model's factors.
  public var engineContext: Int?
  /// `--attention-scale`.
  public var attentionScale: Float?
  /// `--shape`, `--dtype`, `--layout` of headerless files: `--layout` names the axes of `--shape`, outermost first.
  public var shape: [Int]?
  public var elementType: ElementType?
  public var axes: String?
  /// `--cell-rotation`: whether quantised cells were rotated (`LlamaCellRotation`), in llama.cpp files that do not say.
  public var cellsAreRotated: Bool?
  /// `--sequence`, of files that hold several.
  public var sequence: Int32?

  public init() {}
}

/// What a model's own file and engine say about caches of that model.
public struct ModelFacts: Sendable {
  public var identity: ModelIdentity
  /// The model's fingerprint of scheme 1; empty if not known.
  public var formerFingerprint = ""
  /// One a layer; `tokens` and `firstPosition` are 0.
  public var layers: [LayerGeometry]
  /// Rotary embeddings with the pairs that llama.cpp rotates.
  public var ropes: [RotaryEmbedding]
  /// For each of `ropes`, what it is with the other list of a LongRoPE model's factors; empty for other models.
  public var otherRopes: [RotaryEmbedding?] = []
  /// The longest context for which a LongRoPE model's short factors apply; nil for other models.
  public var originalContext: Int?
  public var attentionScale: Float
  public var attentionSoftcap: Float?
  /// The layout of sequence files that the linked llama.cpp reads and writes for this model; nil if not known.
  public var stateFormat: LlamaStateFormat?

  public init(
    identity: ModelIdentity, layers: [LayerGeometry], ropes: [RotaryEmbedding], attentionScale: Float,
    attentionSoftcap: Float?, stateFormat: LlamaStateFormat? = nil
  ) {
    self.identity = identity
    self.layers = layers
    self.ropes = ropes
    self.attentionScale = attentionScale
    self.attentionSoftcap = attentionSoftcap
    self.stateFormat = stateFormat
  }
}
