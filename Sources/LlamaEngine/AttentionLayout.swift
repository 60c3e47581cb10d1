import CLlama
import Interchange
import KVCacheModel

/// What the attention of every layer does, told from the engine's own graph instead of a table of architectures.
public struct AttentionLayout: Hashable, Sendable {
  /// One a layer.
  public let layers: [LayerAttention]
  /// The rotary embeddings that layers refer to; never empty.
  public let ropes: [RotaryEmbedding]
  /// For each of `ropes`, what it would be with the other list of LongRoPE factors; nil for other models.
  public let otherRopes: [RotaryEmbedding?]
  /// What q·k is multiplied by before the softmax, with q as `ProbeQueries` have it.
  public let scale: Float
  /// c in c·tanh(score/c), where scores are capped; nil elsewhere.
  public let softcap: Float?

  /// The geometry of a cache of `tokens` tokens with `probeQueries` probe queries.
  ///
  /// Layers that attend to everything keep all tokens. A layer with a sliding window W keeps the positions that its
  /// probe queries and any later query can attend to: from max(0, T − P − W + 1) on.
  public func geometry(tokens: Int, probeQueries: Int) -> CacheGeometry {
    CacheGeometry(
      layers: layers.map { layer in
        let first = layer.slidingWindow.map { max(0, tokens - probeQueries - $0 + 1) } ?? 0
        return LayerGeometry(
          kvHeads: layer.kvHeads, queryHeads: layer.queryHeads, headDim: layer.headDim, tokens: tokens - first,
          firstPosition: first, slidingWindow: layer.slidingWindow, ropeIndex: layer.ropeIndex)
      })
  }

  /// Takes what an observer saw in a batch whose last query sees `cachedTokens` tokens without a window; with window
  /// `window`, one token fewer.
  ///
  /// - Throws: `EngineError.unsupportedModel` if a layer has no attention over a cache of its own, or one that a
  ///   `CacheDescription` cannot describe.
  init(_ observer: GraphObserver, model: LlamaModel, cachedTokens: Int, window: Int) throws {
    func refuse(_ reason: String) -> EngineError {
      .unsupportedModel(architecture: model.identity.architecture, reason: reason)
    }
    var seen: [Int: GraphObserver.Attention] = [:]
    for attention in observer.attentions {
      guard let layer = attention.keyLayer, attention.valueLayer == layer else {
        throw refuse("it attends to something else than cached keys and values")
      }
      guard seen.updateValue(attention, forKey: layer) == nil else { throw refuse("its layers share caches") }
    }
    guard seen.count == model.layerCount, observer.keyRotations.count == model.layerCount else {
      throw refuse("only \(seen.count) of its \(model.layerCount) layers have an attention cache of their own")
    }
    var layers: [LayerAttention] = []
    var ropes: [RotaryEmbedding] = []
    var otherRopes: [RotaryEmbedding?] = []
    for layer in 0..<model.layerCount {
      guard let attention = seen[layer], let rotation = observer.keyRotations[layer] else {
        throw refuse("layer \(layer) has no cache")
      }
      if let reason = Self.refusal(of: attention, first: seen[0]!) { throw refuse(reason) }
      let (rope, other) = Self.rope(rotation, model: model)
      let ropeIndex = ropes.firstIndex(of: rope) ?? ropes.count
      if ropeIndex == ropes.count {
        ropes.append(rope)
        otherRopes.append(other)
      }
      let isSliding = attention.visibleTokens == cachedTokens - 1
      guard isSliding || attention.visibleTokens == cachedTokens, !isSliding || window > 0 else {
        throw refuse("layer \(layer) masks tokens in another way than a sliding window")
      }
      layers.append(
        LayerAttention(
          kvHeads: attention.kvHeads, queryHeads: attention.queryHeads, headDim: attention.keyDim,
          slidingWindow: isSliding ? window : nil, ropeIndex: ropeIndex, queryScale: attention.queryScale))
    }
    self.layers = layers
    self.ropes = ropes
    self.otherRopes = otherRopes
    scale = seen[0]!.scale
    softcap = seen[0]!.softcap == 0 ? nil : seen[0]!.softcap
  }

  private static func refusal(of attention: GraphObserver.Attention, first: GraphObserver.Attention) -> String? {
    if attention.keyDim != attention.valueDim {
      return "its keys have \(attention.keyDim) dimensions and its values \(attention.valueDim)"
    }
    if attention.keyDim != first.keyDim { return "its layers have heads of different dimensions" }
    if attention.kvHeads == 0 || attention.queryHeads % attention.kvHeads != 0 {
      return "its \(attention.queryHeads) query heads do not share \(attention.kvHeads) KV heads evenly"
    }
    if attention.maxBias != 0 { return "its scores are biased by distance (ALiBi)" }
    if attention.hasSinks { return "its softmax has learned sinks" }
    if attention.scale != first.scale || attention.softcap != first.softcap {
      return "its layers scale their scores differently"
    }
    return nil
  }

  /// The embedding that a layer's keys carry, and the one that they would with the other list of LongRoPE factors.
  private static func rope(_ rotation: KeyRotation, model: LlamaModel) -> (RotaryEmbedding, other: RotaryEmbedding?) {
    switch rotation {
    case .none: return (.none, nil)
    case .inseparable: return (inseparable, nil)
    case .rotary(var parameters):
      var scaling = model.gguf.string("\(model.identity.architecture).rope.scaling.type") ?? "none"
      if parameters.factors != nil, model.files.hasTensor(named: "rope_freqs.weight") { scaling = "llama3" }
      guard let longRope = model.longRope, let choice = parameters.factors.flatMap({ longRope.choice(of: $0) }) else {
        return (parameters.rotaryEmbedding(scaling: scaling) ?? inseparable, nil)
      }
      let rope = parameters.rotaryEmbedding(scaling: choice.scaling)
      let other: LongRope = choice == .short ? .long : .short
      parameters.factors = longRope.factors(other)
      return (rope ?? inseparable, rope == nil ? nil : parameters.rotaryEmbedding(scaling: other.scaling))
    }
  }

  /// Keys that were rotated in a way that cannot be undone pair by pair are handed on as they are.
  private static let inseparable = RotaryEmbedding(
    pairing: .none, dimensions: 0, base: 1, scaling: "inseparable", inverseFrequencies: [])
}
