// One letter per dimension, everywhere in fkv:
//   L layers, H KV heads, G query heads per KV head, T cached tokens, D head dimension, P probe queries.

/// The shape of one layer's cache and what its attention sees.
public struct LayerGeometry: Hashable, Sendable {
  /// H, the number of heads that keys and values have.
  public var kvHeads: Int
  /// H·G, the number of heads that queries have; a multiple of `kvHeads`.
  public var queryHeads: Int
  /// D, elements of one key or value of one head.
  public var headDim: Int
  /// T of this layer. A sliding-window layer may hold fewer tokens than the prompt has.
  public var tokens: Int
  /// The position of this layer's first cached token; the others follow without gaps.
  public var firstPosition: Int
  /// W, where a query at position p attends to positions p−W+1…p only; nil where it attends to all.
  public var slidingWindow: Int?
  /// Which of the cache's `RotaryEmbedding`s this layer's keys carry.
  public var ropeIndex: Int

  public init(
    kvHeads: Int, queryHeads: Int, headDim: Int, tokens: Int, firstPosition: Int = 0,
    slidingWindow: Int? = nil, ropeIndex: Int = 0
  ) {
    precondition(kvHeads > 0 && headDim > 0 && tokens >= 0 && firstPosition >= 0)
    precondition(queryHeads > 0 && queryHeads % kvHeads == 0, "query heads must be a multiple of KV heads")
    self.kvHeads = kvHeads
    self.queryHeads = queryHeads
    self.headDim = headDim
    self.tokens = tokens
    self.firstPosition = firstPosition
    self.slidingWindow = slidingWindow
    self.ropeIndex = ropeIndex
  }

  /// G, query heads that share one KV head.
  public var groupSize: Int { queryHeads / kvHeads }
  /// The position after this layer's last cached token.
  public var endPosition: Int { firstPosition + tokens }
  /// H·D, the numbers that one token adds to keys, and again to values.
  public var features: Int { kvHeads * headDim }
  /// H·T·D, the numbers in this layer's keys, and again in its values.
  public var elementCount: Int { kvHeads * tokens * headDim }
}

/// The shape of a whole cache: one `LayerGeometry` a layer, in layer order.
public struct CacheGeometry: Hashable, Sendable {
  public var layers: [LayerGeometry]

  public init(layers: [LayerGeometry]) { self.layers = layers }

  /// L equal layers of T tokens, all of them attending to everything.
  public init(layers count: Int, kvHeads: Int, queryHeads: Int, headDim: Int, tokens: Int) {
    let layer = LayerGeometry(kvHeads: kvHeads, queryHeads: queryHeads, headDim: headDim, tokens: tokens)
    self.init(layers: Array(repeating: layer, count: count))
  }

  /// T of the layer that holds most tokens; 0 without layers.
  public var tokens: Int { layers.map(\.tokens).max() ?? 0 }
  /// Positions up to the last cached one: max over layers of first position plus tokens; 0 without layers.
  public var endPosition: Int { layers.map(\.endPosition).max() ?? 0 }
  /// Numbers in all keys and values together: 2·Σ H·T·D.
  public var elementCount: Int { layers.reduce(0) { $0 + 2 * $1.elementCount } }
  /// Whether every layer has the same heads, head dimension and tokens.
  public var isUniform: Bool {
    guard let first = layers.first else { return true }
    return layers.allSatisfy {
      $0.kvHeads == first.kvHeads && $0.queryHeads == first.queryHeads && $0.headDim == first.headDim
        && $0.tokens == first.tokens
    }
  }

  /// The position of the first of `count` token ids: 0, unless they are fewer than the positions up to the cache's end,
  /// where they are the last of them.
  public func firstPosition(ofTokens count: Int) -> Int { max(0, endPosition - count) }
}
