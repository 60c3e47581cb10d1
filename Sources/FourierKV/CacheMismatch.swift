import KVCacheModel

/// Why two caches cannot be compared: they are not of the same prompt in the same model.
public enum CacheMismatch: Error, Equatable, Sendable, CustomStringConvertible {
  /// The caches' models differ; `cache` and `reference` are name and fingerprint.
  case model(cache: String, reference: String)
  /// One layer's shape differs.
  case layer(Int, cache: String, reference: String)
  case layerCount(cache: Int, reference: Int)
  /// The prompts differ first at token `index`.
  case token(index: Int, cache: Int32, reference: Int32)
  case tokenCount(cache: Int, reference: Int)
  case elementType(CacheKind, cache: String, reference: String)
  /// Keys carry different rotary factors of a LongRoPE model.
  case ropeFactors(cache: LongRope, reference: LongRope)
  /// The reference holds no probe queries, so no attention can be computed.
  case noProbeQueries

  public var description: String {
    switch self {
    case .model(let cache, let reference):
      "the cache is of model \(cache), the reference of \(reference)"
    case .layer(let layer, let cache, let reference):
      "layer \(layer) is \(cache), in the reference \(reference)"
    case .layerCount(let cache, let reference):
      "the cache has \(cache) layers, the reference \(reference)"
    case .token(let index, let cache, let reference):
      "the prompts differ: token \(index) is \(cache), in the reference \(reference)"
    case .tokenCount(let cache, let reference):
      "the prompts differ: \(cache) tokens, in the reference \(reference)"
    case .elementType(let kind, let cache, let reference):
      "\(kind.name)s are \(cache), in the reference \(reference)"
    case .ropeFactors(let cache, let reference):
      "the cache's keys carry the model's \(cache.rawValue) rotary factors, the reference's the \(reference.rawValue) ones"
    case .noProbeQueries:
      "the reference holds no probe queries"
    }
  }

  /// Throws the first difference that makes a comparison meaningless. Unknown fingerprints and missing token ids are
  /// not differences.
  package static func check(_ cache: CacheDescription, against reference: CacheDescription) throws {
    try checkModel(cache, against: reference)
    let (own, others) = (cache.geometry.layers, reference.geometry.layers)
    guard own.count == others.count else {
      throw CacheMismatch.layerCount(cache: own.count, reference: others.count)
    }
    if let x = cache.tokens, let y = reference.tokens {
      if let index = zip(x, y).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset {
        throw CacheMismatch.token(index: index, cache: x[index], reference: y[index])
      }
      guard x.count == y.count else { throw CacheMismatch.tokenCount(cache: x.count, reference: y.count) }
    }
    for (layer, (x, y)) in zip(own, others).enumerated() where label(x) != label(y) {
      throw CacheMismatch.layer(layer, cache: label(x), reference: label(y))
    }
    if let own = cache.longRope, let other = reference.longRope, own != other {
      throw CacheMismatch.ropeFactors(cache: own, reference: other)
    }
    for kind in CacheKind.allCases where cache.elementType(of: kind) != reference.elementType(of: kind) {
      throw CacheMismatch.elementType(
        kind, cache: cache.elementType(of: kind).safetensorsName,
        reference: reference.elementType(of: kind).safetensorsName)
    }
  }

  /// Throws if both fingerprints are known and differ.
  package static func checkModel(_ cache: CacheDescription, against reference: CacheDescription) throws {
    let (a, b) = (cache.model, reference.model)
    if cache.isOfOtherModel(than: reference) {
      throw CacheMismatch.model(cache: label(a), reference: label(b))
    }
  }

  private static func label(_ model: ModelIdentity) -> String {
    "\(model.name.isEmpty ? "unnamed" : model.name) (\(model.fingerprint))"
  }

  private static func label(_ layer: LayerGeometry) -> String {
    "\(layer.queryHeads)/\(layer.kvHeads) heads × \(layer.tokens) tokens × \(layer.headDim)"
      + (layer.firstPosition == 0 ? "" : " from position \(layer.firstPosition)")
      + (layer.slidingWindow.map { ", window \($0)" } ?? "")
  }
}
