import FKVFormat
import KVCacheModel

extension SpectralDecoder {
  package var layerGroups: [Range<Int>] { groups.map(\.layers) }

  /// What opening the group takes, and its tensors; segments are checked one by one when they are read.
  package func cost(_ kind: CacheKind, group index: Int) throws -> DecodingCost {
    let place = self.place(kind, group: index)
    return try frameCost(reader.payload(of: frameSection(kind, group: index)), kind, group: index, place: place)
  }

  /// From the first to the last row of segments with the largest step.
  package func middle(_ kind: CacheKind, group index: Int) throws -> Range<Int> {
    let group = groups[index]
    let place = self.place(kind, group: index)
    let segments = try reader.sections(.spectralSegment(kind), layer: group.firstLayer).map {
      (rows: $0.tokens, step: try SpectralSegment.head(reader.payload(of: $0), group: group, place: place).step)
    }
    guard let coarsest = segments.map(\.step).max() else { return 0..<group.shape.tokens }
    let body = segments.filter { $0.step == coarsest }.map(\.rows)
    let rows = body.map(\.lowerBound).min()!..<body.map(\.upperBound).max()!
    guard rows.upperBound <= group.shape.tokens else {
      throw CodecError.badValue(
        place: place, field: "rows", declared: "\(rows.upperBound)",
        allowed: "\(group.shape.tokens), the layers' tokens")
    }
    return rows
  }

  /// The group's keys or values in errors.
  func place(_ kind: CacheKind, group index: Int) -> String {
    "layers \(groups[index].firstLayer)…\(groups[index].layers.upperBound - 1) \(kind.name)s"
  }

  func frameSection(_ kind: CacheKind, group index: Int) throws -> SectionEntry {
    guard let entry = reader.section(.spectralFrame(kind), layer: groups[index].firstLayer) else {
      throw CodecError.missingSection(layer: groups[index].firstLayer, kind: kind)
    }
    return entry
  }

  /// Where the bytes of keys or values of a group went.
  package func summary(_ kind: CacheKind, group index: Int) throws -> TensorSummary {
    let group = groups[index]
    let place = self.place(kind, group: index)
    let entry = try frameSection(kind, group: index)
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
