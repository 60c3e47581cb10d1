import FKVFormat
import KVCacheModel

extension FKVCache {
  /// The layers that keys and values are coded together for: one range a group; single layers where there are none.
  public var layerGroups: [Range<Int>] {
    spectral.map { $0.groups.map(\.layers) } ?? description.geometry.layers.indices.map { $0..<$0 + 1 }
  }

  /// Where the bytes of keys or values of a group of layers went; sections are read and their checksums checked.
  public func summary(_ kind: CacheKind, group: Int) throws -> TensorSummary {
    let layer = layerGroups[group].lowerBound
    let shape = description.geometry.layers[layer]
    guard shape.elementCount > 0 else { return TensorSummary(fileBytes: 0, parts: [], exactFeatures: 0, states: 0) }
    switch header.profile {
    case .lossless:
      let entries = try losslessLayer(kind, layer: layer).parts.map(\.entry)
      return TensorSummary(
        fileBytes: entries.reduce(0) { $0 + $1.fileBytes },
        parts: [
          TensorSummary.Part(
            name: "exact", bytes: entries.reduce(0) { $0 + $1.storedBytes },
            rawBytes: shape.elementCount * description.elementType(of: kind).byteCount)
        ],
        exactFeatures: shape.features, states: 0)
    case .fourier:
      let entry = try fourierSection(kind, layer: layer)
      let head = try FourierSection.head(reader.payload(of: entry), layer: shape, place: place(kind, layer))
      let parts = head.parts
      let size = description.elementType(of: kind).byteCount
      let edgeTokens = head.numbers[0] + head.numbers[2]
      return TensorSummary(
        fileBytes: entry.fileBytes,
        parts: [
          TensorSummary.Part(
            name: "sinks and window", bytes: parts.edge, rawBytes: edgeTokens * shape.features * size),
          TensorSummary.Part(
            name: "exact features", bytes: parts.exact, rawBytes: parts.exactFeatures * head.numbers[1] * size),
          TensorSummary.Part(name: "coefficients", bytes: parts.coefficients),
        ], exactFeatures: parts.exactFeatures, states: parts.states)
    case .spectral:
      return try spectral!.summary(kind, group: group)
    }
  }
}

extension SpectralDecoder {
  /// Where the bytes of keys or values of a group went.
  func summary(_ kind: CacheKind, group index: Int) throws -> TensorSummary {
    let group = groups[index]
    let place = "layers \(group.firstLayer)…\(group.layers.upperBound - 1) \(kind.name)s"
    guard let entry = reader.section(.spectralFrame(kind), layer: group.firstLayer) else {
      throw CodecError.missingSection(layer: group.firstLayer, kind: kind)
    }
    let head = try SpectralFrame.head(reader.payload(of: entry), group: group, kind: kind, place: place)
    var (coefficients, window, exact) = (0, 0, head.exactBytes)
    var fileBytes = entry.fileBytes
    var components = 0
    let segments = try reader.sections(.spectralSegment(kind), layer: group.firstLayer).map { segment in
      (segment, try SpectralSegment.head(reader.payload(of: segment), group: group, place: place))
    }
    let coarsest = segments.map(\.1.step).max() ?? 0
    for (segment, part) in segments {
      fileBytes += segment.fileBytes
      exact += part.exactBytes
      if part.step < coarsest {
        window += part.coefficientBytes
      } else {
        coefficients += part.coefficientBytes
        components = max(components, part.components)
      }
    }
    return TensorSummary(
      fileBytes: fileBytes,
      parts: [
        TensorSummary.Part(name: "exact tokens and features", bytes: exact),
        TensorSummary.Part(name: "basis", bytes: head.basisBytes),
        TensorSummary.Part(name: "coefficients", bytes: coefficients),
        TensorSummary.Part(name: "coefficients of the window", bytes: window),
      ], exactFeatures: head.exactFeatures, states: components, step: coarsest)
  }
}
