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
    return try profileReader.middle(kind, group: groupIndex(ofLayer: layer))
  }
}
