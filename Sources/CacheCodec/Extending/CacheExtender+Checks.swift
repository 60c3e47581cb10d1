import KVCacheModel

extension CacheExtender {
  /// For each layer, the rows of the addition's tensors that follow what the file holds.
  ///
  /// - Throws: `CacheExtensionError`: the first difference that makes them no two parts of one cache. Fingerprints that
  ///   are unknown are no difference.
  static func newRows(of addition: CacheDescription, after file: CacheDescription) throws -> [Range<Int>] {
    if file.isOfOtherModel(than: addition) {
      throw CacheExtensionError.model(file: label(file.model), addition: label(addition.model))
    }
    let (own, others) = (file.geometry.layers, addition.geometry.layers)
    guard own.count == others.count else {
      throw CacheExtensionError.layerCount(file: own.count, addition: others.count)
    }
    for kind in CacheKind.allCases where file.elementType(of: kind) != addition.elementType(of: kind) {
      throw CacheExtensionError.elementType(
        kind, file: file.elementType(of: kind).safetensorsName,
        addition: addition.elementType(of: kind).safetensorsName)
    }
    guard file.attentionScale == addition.attentionScale, file.attentionSoftcap == addition.attentionSoftcap else {
      throw CacheExtensionError.attention(file: attention(file), addition: attention(addition))
    }
    for (layer, (x, y)) in zip(own, others).enumerated() {
      guard label(x) == label(y) else {
        throw CacheExtensionError.layer(layer, file: label(x), addition: label(y))
      }
      let (p, q) = (file.ropes[x.ropeIndex], addition.ropes[y.ropeIndex])
      guard isSame(p, q) else { throw CacheExtensionError.rope(layer: layer, file: label(p), addition: label(q)) }
    }
    let (end, newEnd) = (file.geometry.endPosition, addition.geometry.endPosition)
    guard newEnd > end else { throw CacheExtensionError.nothingNew(file: end, addition: newEnd) }
    let rows = try zip(own, others).enumerated().map { layer, shapes in
      try newRows(layer: layer, shapes.0, shapes.1, count: newEnd - end)
    }
    guard rows.contains(where: { !$0.isEmpty }) else {
      throw CacheExtensionError.nothingNew(file: end, addition: end)
    }
    return rows
  }

  private static func newRows(
    layer: Int, _ x: LayerGeometry, _ y: LayerGeometry, count: Int
  ) throws -> Range<Int> {
    // A layer may have no cache of its own, in both.
    if x.tokens == 0, y.tokens == 0 { return 0..<0 }
    let (held, offered) = (x.firstPosition..<x.endPosition, y.firstPosition..<y.endPosition)
    if let window = x.slidingWindow, y.firstPosition > x.firstPosition, y.firstPosition != x.endPosition {
      throw CacheExtensionError.trimmed(layer: layer, window: window, file: held, addition: offered)
    }
    guard x.tokens > 0, y.firstPosition <= x.endPosition, y.endPosition - x.endPosition == count else {
      throw CacheExtensionError.positions(layer: layer, file: held, addition: offered)
    }
    return x.endPosition - y.firstPosition..<y.tokens
  }

  /// The token ids of the longer prompt; nil where the file or the addition has none.
  ///
  /// - Throws: `CacheExtensionError.token` where both know an id and differ, `.unknownTokens` if ids are missing and
  ///   `required`.
  static func tokens(
    of addition: CacheDescription, after file: CacheDescription, required: Bool
  ) throws -> [Int32]? {
    guard let own = file.tokens, let others = addition.tokens else {
      guard !required else {
        throw CacheExtensionError.unknownTokens(inFile: file.tokens != nil, inAddition: addition.tokens != nil)
      }
      return nil
    }
    let first = file.geometry.firstPosition(ofTokens: own.count)
    let otherFirst = addition.geometry.firstPosition(ofTokens: others.count)
    let end = file.geometry.endPosition
    for position in max(first, otherFirst)..<max(first, otherFirst, min(first + own.count, otherFirst + others.count))
    where own[position - first] != others[position - otherFirst] {
      throw CacheExtensionError.token(
        position: position, file: own[position - first], addition: others[position - otherFirst])
    }
    // Ids are as many as a layer caches at least, so those of the addition reach back to the file's end.
    return Array(own[..<(end - first)]) + others[(end - otherFirst)...]
  }

  private static func isSame(_ p: RotaryEmbedding, _ q: RotaryEmbedding) -> Bool {
    p.pairing == q.pairing && p.inverseFrequencies == q.inverseFrequencies && p.magnitude == q.magnitude
  }

  private static func label(_ model: ModelIdentity) -> String {
    "\(model.name.isEmpty ? "unnamed" : model.name) (\(model.fingerprint))"
  }

  private static func label(_ layer: LayerGeometry) -> String {
    "\(layer.queryHeads)/\(layer.kvHeads) heads × \(layer.headDim)"
      + (layer.slidingWindow.map { ", window \($0)" } ?? "")
  }

  private static func label(_ rope: RotaryEmbedding) -> String {
    "\(rope.pairing.name) over \(rope.dimensions) dimensions, base \(rope.base), scaling \(rope.scaling), magnitude "
      + "\(rope.magnitude), slowest \(rope.inverseFrequencies.last ?? 0)"
  }

  private static func attention(_ description: CacheDescription) -> String {
    "scaled by \(description.attentionScale)" + (description.attentionSoftcap.map { " and capped at \($0)" } ?? "")
  }
}
