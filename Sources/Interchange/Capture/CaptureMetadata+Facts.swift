import KVCacheModel

/// What metadata alone say of a cache; the tensors add token ids and element types.
struct CaptureFacts {
  var model: ModelIdentity
  var geometry: CacheGeometry
  var ropes: [RotaryEmbedding]
  var attentionScale: Float
  var attentionSoftcap: Float?
  var probeQueries: Int
  var probeFirstPosition: Int
  var provenance: [String: String]
}

extension CaptureMetadata {
  /// Everything that the metadata declare, each value checked against the others.
  ///
  /// - Parameter checkLayers: called with the number of layers before anything of that size is made.
  func facts(
    checkingLayers checkLayers: (Int) throws(CaptureError) -> Void = { _ throws(CaptureError) in }
  ) throws(CaptureError) -> CaptureFacts {
    try checkVersion()
    let geometry = try geometry(checkLayers)
    let ropes = try ropes(for: geometry)
    let probes =
      texts[CaptureKey.probeQueries] == nil ? 0 : try integer(CaptureKey.probeQueries, in: 0...CaptureLimit.position)
    let firstProbe = probes == 0 ? 0 : try integer(CaptureKey.probeFirstPosition, in: 0...CaptureLimit.position)
    guard firstProbe <= CaptureLimit.position - probes else {
      throw .value(
        path: path, key: CaptureKey.probeFirstPosition, expected: "at most \(CaptureLimit.position - probes)",
        found: String(firstProbe))
    }
    let softcap =
      texts[CaptureKey.attentionSoftcap] == nil ? nil : try positive(CaptureKey.attentionSoftcap, as: Float.self)
    let prefix = CaptureKey.provenancePrefix
    let provenance = texts.filter { $0.key.hasPrefix(prefix) }
      .map { (String($0.key.dropFirst(prefix.count)), $0.value) }
    return CaptureFacts(
      model: ModelIdentity(
        name: texts[CaptureKey.modelName] ?? "", architecture: texts[CaptureKey.modelArchitecture] ?? "",
        fingerprint: texts[CaptureKey.modelFingerprint] ?? ""),
      geometry: geometry, ropes: ropes, attentionScale: try positive(CaptureKey.attentionScale, as: Float.self),
      attentionSoftcap: softcap, probeQueries: probes, probeFirstPosition: firstProbe,
      provenance: Dictionary(provenance) { first, _ in first })
  }

  private func checkVersion() throws(CaptureError) {
    let format = texts[CaptureKey.format] ?? "no format"
    let version = texts[CaptureKey.formatVersion] ?? "none"
    guard format == CaptureKey.formatName, version == CaptureKey.currentVersion else {
      throw .version(path: path, found: "\(excerpt(format)) version \(excerpt(version))")
    }
  }

  private func geometry(_ checkLayers: (Int) throws(CaptureError) -> Void) throws(CaptureError) -> CacheGeometry {
    let limit = CaptureLimit.dimension
    let positions = 0...CaptureLimit.position
    let layers = try integer(CaptureKey.layers, in: 1...limit)
    try checkLayers(layers)
    let kvHeads = try integers(CaptureKey.kvHeads, layers: layers, in: 1...limit)
    let queryHeads = try integers(CaptureKey.queryHeads, layers: layers, in: 1...limit)
    let headDim = try integers(CaptureKey.headDim, layers: layers, in: 1...limit)
    let tokens = try integers(CaptureKey.cachedTokens, layers: layers, in: positions)
    let first =
      texts[CaptureKey.firstPosition] == nil
      ? Array(repeating: 0, count: layers)
      : try integers(CaptureKey.firstPosition, layers: layers, in: positions)
    let windows =
      texts[CaptureKey.slidingWindow] == nil
      ? Array(repeating: nil, count: layers)
      : try optionalIntegers(CaptureKey.slidingWindow, layers: layers, in: 1...CaptureLimit.position)
    let ropeIndex =
      texts[CaptureKey.ropeIndex] == nil
      ? Array(repeating: 0, count: layers) : try integers(CaptureKey.ropeIndex, layers: layers, in: 0...limit)
    var result: [LayerGeometry] = []
    for layer in 0..<layers {
      guard queryHeads[layer] % kvHeads[layer] == 0 else {
        throw .value(
          path: path, key: CaptureKey.queryHeads, expected: "a multiple of \(kvHeads[layer]) in layer \(layer)",
          found: String(queryHeads[layer]))
      }
      guard first[layer] <= CaptureLimit.position - tokens[layer] else {
        throw .value(
          path: path, key: CaptureKey.firstPosition,
          expected: "at most \(CaptureLimit.position - tokens[layer]) in layer \(layer)",
          found: String(first[layer]))
      }
      result.append(
        LayerGeometry(
          kvHeads: kvHeads[layer], queryHeads: queryHeads[layer], headDim: headDim[layer], tokens: tokens[layer],
          firstPosition: first[layer], slidingWindow: windows[layer], ropeIndex: ropeIndex[layer]))
    }
    return CacheGeometry(layers: result)
  }

  private func ropes(for geometry: CacheGeometry) throws(CaptureError) -> [RotaryEmbedding] {
    var ropes: [RotaryEmbedding] = []
    for index in 0..<(try integer(CaptureKey.ropes, in: 1...CaptureLimit.dimension)) {
      ropes.append(try rope(index))
    }
    for (index, layer) in geometry.layers.enumerated() {
      guard layer.ropeIndex < ropes.count else {
        throw .value(
          path: path, key: CaptureKey.ropeIndex, expected: "less than \(ropes.count) in layer \(index)",
          found: String(layer.ropeIndex))
      }
      guard ropes[layer.ropeIndex].dimensions <= layer.headDim else {
        throw .value(
          path: path, key: CaptureKey.rope(layer.ropeIndex, "dimensions"),
          expected: "at most \(layer.headDim), the head dimension of layer \(index)",
          found: String(ropes[layer.ropeIndex].dimensions))
      }
    }
    return ropes
  }

  private func rope(_ index: Int) throws(CaptureError) -> RotaryEmbedding {
    let pairingKey = CaptureKey.rope(index, "pairing")
    let name = try text(pairingKey)
    guard let pairing = RotaryEmbedding.Pairing(name: name) else {
      let names = RotaryEmbedding.Pairing.allCases.map(\.name).joined(separator: ", ")
      throw .value(path: path, key: pairingKey, expected: "one of \(names)", found: excerpt(name))
    }
    let dimensionsKey = CaptureKey.rope(index, "dimensions")
    let dimensions = try integer(dimensionsKey, in: 0...CaptureLimit.dimension)
    guard dimensions % 2 == 0 else {
      throw .value(path: path, key: dimensionsKey, expected: "an even number", found: String(dimensions))
    }
    return RotaryEmbedding(
      pairing: pairing, dimensions: dimensions, base: try positive(CaptureKey.rope(index, "base"), as: Double.self),
      scaling: try text(CaptureKey.rope(index, "scaling")),
      inverseFrequencies: try numbers(CaptureKey.rope(index, "inverse_frequencies"), count: dimensions / 2),
      magnitude: try positive(CaptureKey.rope(index, "magnitude"), as: Double.self))
  }
}
