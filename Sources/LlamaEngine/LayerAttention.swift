import KVCacheModel

/// What one layer's attention does, as the engine was seen doing it.
public struct LayerAttention: Hashable, Sendable {
  /// H.
  public var kvHeads: Int
  /// H·G.
  public var queryHeads: Int
  /// D.
  public var headDim: Int
  /// W, where a query at position p attends to positions p−W+1…p only; nil where it attends to all.
  public var slidingWindow: Int?
  /// Which of the layout's rotary embeddings the layer's keys carry.
  public var ropeIndex: Int
  /// What the engine multiplies queries by before its attention; `ProbeQueries` have it undone.
  var queryScale: Float
}
