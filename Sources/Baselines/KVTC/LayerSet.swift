import KVCacheModel

/// The layers that share one basis: all layers of a model, or, where some have a sliding window, each kind by itself.
struct LayerSet: Hashable, Sendable {
  /// Layer numbers, ascending.
  let layers: [Int]
  /// H·D of one of them.
  let features: Int
  /// T.
  let tokens: Int

  /// F, the numbers that one token has in all of them.
  var width: Int { layers.count * features }

  /// The sets of a cache, in the order of their first layers: layers of the same window, shape and tokens.
  static func sets(of geometry: CacheGeometry) -> [LayerSet] {
    var order: [LayerGeometry] = []
    var members: [LayerGeometry: [Int]] = [:]
    for (layer, shape) in geometry.layers.enumerated() {
      var key = shape
      key.ropeIndex = 0
      key.queryHeads = shape.kvHeads
      if members[key] == nil { order.append(key) }
      members[key, default: []].append(layer)
    }
    return order.map { LayerSet(layers: members[$0]!, features: $0.features, tokens: $0.tokens) }
  }

  /// Whether a basis over the layers of `other` fits: the same layers, of the same width; tokens may differ.
  func matches(_ other: LayerSet) -> Bool { layers == other.layers && features == other.features }
}
