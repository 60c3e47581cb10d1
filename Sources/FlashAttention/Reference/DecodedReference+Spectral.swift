import CacheCodec
import Fidelity
import KVCacheModel

extension DecodedReference {
  /// Attention outputs over what profile `spectral` keeps of a layer, (H·G, P, D); not rounded to the cache's types, which
  /// large scores would show (a key off by 2⁻¹¹ of its size moves a score of 20 by 0.01).
  ///
  /// - Throws: what is wrong with the layer's frames or segments.
  public static func outputs(_ problem: AttentionProblem, spectral cache: FKVCache, layer: Int) throws -> [Double] {
    let numbers = try CacheKind.allCases.map { try rebuilt(cache.spectralLayer($0, layer: layer), problem.layer) }
    return outputs(problem, keys: numbers[0], values: numbers[1])
  }

  /// All rows of a layer, (H, T, D).
  private static func rebuilt(_ reader: SpectralLayerReader, _ shape: LayerGeometry) throws -> [Float] {
    let (t, d) = (shape.tokens, shape.headDim)
    var result = [Float](repeating: 0, count: shape.kvHeads * t * d)
    let exact = reader.exactTensor()
    let exactNumbers = exact.floats()
    for head in 0..<shape.kvHeads {
      var source = head * exact.tokens * d
      for rows in reader.exactRows {
        let target = (head * t + rows.lowerBound) * d
        result.replaceSubrange(
          target..<target + rows.count * d, with: exactNumbers[source..<source + rows.count * d])
        source += rows.count * d
      }
    }
    for (index, rows) in reader.segmentRows.enumerated() {
      let features = try reader.segment(index).features()
      for (place, row) in rows.enumerated() {
        for head in 0..<shape.kvHeads {
          let (target, source) = ((head * t + row) * d, place * shape.features + head * d)
          result.replaceSubrange(target..<target + d, with: features[source..<source + d])
        }
      }
    }
    return result
  }
}
