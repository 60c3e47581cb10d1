import KVCacheModel

extension FKVCache {
  /// The rows of a layer's keys or values that are coded coarsest: what lies between exact tokens and the window.
  ///
  /// Profile `fourier`: the rows that spectra stand for. Profile `spectral`: from the first to the last row of segments
  /// with the largest step. All rows where nothing is coded, as in `lossless` or in a prompt without a middle.
  ///
  /// - Throws: `FormatError` if a section is damaged, `CodecError` if it cannot be understood.
  public func middle(_ kind: CacheKind, layer: Int) throws -> Range<Int> {
    let shape = description.geometry.layers[layer]
    guard shape.elementCount > 0 else { return 0..<0 }
    switch header.profile {
    case .lossless: return 0..<shape.tokens
    case .fourier:
      let head = try FourierSection.head(
        reader.payload(of: fourierSection(kind, layer: layer)), layer: shape, place: place(kind, layer))
      let (sinks, middle) = (head.numbers[0], head.numbers[1])
      return middle > 0 ? sinks..<sinks + middle : 0..<shape.tokens
    case .spectral:
      let group = spectral!.groups[spectral!.groupIndex(ofLayer: layer)]
      let segments = try reader.sections(.spectralSegment(kind), layer: group.firstLayer).map {
        (
          rows: $0.tokens,
          step: try SpectralSegment.head(reader.payload(of: $0), group: group, place: place(kind, layer)).step
        )
      }
      guard let coarsest = segments.map(\.step).max() else { return 0..<shape.tokens }
      let body = segments.filter { $0.step == coarsest }.map(\.rows)
      let rows = body.map(\.lowerBound).min()!..<body.map(\.upperBound).max()!
      guard rows.upperBound <= shape.tokens else {
        throw CodecError.badValue(
          place: place(kind, layer), field: "rows", declared: "\(rows.upperBound)",
          allowed: "\(shape.tokens), the layers' tokens")
      }
      return rows
    }
  }
}
