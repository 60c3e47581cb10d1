import KVCacheModel

extension CaptureMetadata {
  /// The metadata texts of a capture of that cache, of which `CaptureFile` reads the same description.
  ///
  /// Numbers are printed in the fewest digits that give them back exactly. What is equal for all layers is written
  /// once, what is not as a list; first positions, windows and RoPE indices only where they say something.
  ///
  /// - Throws: `CaptureError.value` for numbers that a capture cannot hold: base, magnitude, scale or softcap that are
  ///   not finite and above 0, frequencies that are not finite, dimensions or positions beyond the format's limits.
  static func texts(
    of description: CacheDescription, probeFirstPosition: Int, path: String
  ) throws(CaptureError) -> [String: String] {
    let layers = description.geometry.layers
    var texts = [
      CaptureKey.format: CaptureKey.formatName,
      CaptureKey.formatVersion: CaptureKey.currentVersion,
      CaptureKey.modelName: description.model.name,
      CaptureKey.modelArchitecture: description.model.architecture,
      CaptureKey.modelFingerprint: description.model.fingerprint,
      CaptureKey.layers: String(layers.count),
      CaptureKey.kvHeads: list(layers.map { String($0.kvHeads) }),
      CaptureKey.queryHeads: list(layers.map { String($0.queryHeads) }),
      CaptureKey.headDim: list(layers.map { String($0.headDim) }),
      CaptureKey.cachedTokens: list(layers.map { String($0.tokens) }),
      CaptureKey.ropes: String(description.ropes.count),
      CaptureKey.attentionScale: String(describing: description.attentionScale),
      CaptureKey.probeQueries: String(description.probeQueries),
    ]
    if layers.contains(where: { $0.firstPosition != 0 }) {
      texts[CaptureKey.firstPosition] = list(layers.map { String($0.firstPosition) })
    }
    if layers.contains(where: { $0.slidingWindow != nil }) {
      texts[CaptureKey.slidingWindow] = list(layers.map { $0.slidingWindow.map(String.init) ?? "null" })
    }
    if layers.contains(where: { $0.ropeIndex != 0 }) {
      texts[CaptureKey.ropeIndex] = list(layers.map { String($0.ropeIndex) })
    }
    for (index, rope) in description.ropes.enumerated() {
      texts[CaptureKey.rope(index, "pairing")] = rope.pairing.name
      texts[CaptureKey.rope(index, "dimensions")] = String(rope.dimensions)
      texts[CaptureKey.rope(index, "base")] = rope.base.description
      texts[CaptureKey.rope(index, "scaling")] = rope.scaling
      texts[CaptureKey.rope(index, "magnitude")] = rope.magnitude.description
      texts[CaptureKey.rope(index, "inverse_frequencies")] =
        "[\(rope.inverseFrequencies.map(\.description).joined(separator: ","))]"
    }
    if let softcap = description.attentionSoftcap { texts[CaptureKey.attentionSoftcap] = softcap.description }
    if description.probeQueries > 0 { texts[CaptureKey.probeFirstPosition] = String(probeFirstPosition) }
    for (name, value) in description.provenance { texts[CaptureKey.provenancePrefix + name] = value }
    // What the reader would refuse must not be written.
    _ = try CaptureMetadata(path: path, texts: texts).facts()
    return texts
  }

  /// The one text that all layers share, or `[a,b,…]`.
  private static func list(_ values: [String]) -> String {
    if let first = values.first, values.allSatisfy({ $0 == first }) { return first }
    return "[\(values.joined(separator: ","))]"
  }
}
