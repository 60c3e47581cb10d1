import KVCacheModel

/// What a file says of its cache. Nil, or empty in the case of texts, is what it does not say.
public struct ForeignFacts: Sendable {
  /// One layer's shape.
  public struct Layer: Hashable, Sendable {
    public var kvHeads: Int
    public var headDim: Int
    public var tokens: Int
    /// The position of the first cached token; the others follow without gaps.
    public var firstPosition: Int
    /// H·G.
    public var queryHeads: Int?
    /// W; nil where the layer attends to everything, or the file does not say.
    public var slidingWindow: Int?
    /// Which of `ropes`, where there are any.
    public var ropeIndex: Int

    public init(
      kvHeads: Int, headDim: Int, tokens: Int, firstPosition: Int = 0, queryHeads: Int? = nil,
      slidingWindow: Int? = nil, ropeIndex: Int = 0
    ) {
      precondition(kvHeads > 0 && headDim > 0 && tokens >= 0 && firstPosition >= 0)
      self.kvHeads = kvHeads
      self.headDim = headDim
      self.tokens = tokens
      self.firstPosition = firstPosition
      self.queryHeads = queryHeads
      self.slidingWindow = slidingWindow
      self.ropeIndex = ropeIndex
    }
  }

  /// The file or folder.
  public var path: String
  /// The format's name.
  public var format: String
  public var layers: [Layer]
  /// What `ForeignCache.tensor` hands out.
  public var keyType: ElementType
  public var valueType: ElementType
  /// Whether the file holds keys or values in a quantised type, which come as Float32.
  public var isQuantised = false
  /// As in `CacheDescription.tokens`.
  public var tokens: [Int32]?
  public var model = ModelIdentity(name: "", architecture: "", fingerprint: "")
  /// Whose layout the keys have; nil where `ropes` say it.
  public var keyConvention: KeyConvention?
  /// The rotary embeddings, if the file has them.
  public var ropes: [RotaryEmbedding]?
  public var attentionScale: Float?
  public var attentionSoftcap: Float?
  public var probeQueries = 0
  /// What is known of the file's making, by name; the format's name and version among it.
  public var provenance: [String: String] = [:]
  /// What the numbers have lost already, and what the file holds that is not taken over.
  public var losses: [ConversionLoss] = []

  public init(
    path: String, format: String, layers: [Layer], keyType: ElementType, valueType: ElementType,
    keyConvention: KeyConvention?
  ) {
    self.path = path
    self.format = format
    self.layers = layers
    self.keyType = keyType
    self.valueType = valueType
    self.keyConvention = keyConvention
  }
}
