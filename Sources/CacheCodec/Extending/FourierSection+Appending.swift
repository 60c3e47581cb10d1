import KVCacheModel
import SpectralTransform

extension FourierSection {
  /// Lengthens the section by tokens that follow: the window keeps its length, so as many tokens as come leave it. Of
  /// those, exact features are kept as they are and the others are folded into the coefficients.
  ///
  /// The result is that of a section made of all tokens with the same choice of features, sinks, window, N and P, to
  /// the rounding of the coefficients (docs/guide/append.md).
  ///
  /// - Precondition: the period has room for the longer middle and `reconstruction` is `projection`, or there are no
  ///   spectral features.
  mutating func append(_ tensor: CacheTensor) {
    let count = tensor.tokens
    let size = tensor.elementType.byteCount
    let edge = CacheTensor(
      kvHeads: tensor.kvHeads, tokens: sinks + window, headDim: tensor.headDim, elementType: tensor.elementType,
      bytes: edgeBytes)
    let tail = edge.rows(sinks..<sinks + window).followed(by: tensor)
    let leaving = tail.rows(0..<count)
    let columns = FeatureColumns(tokens: count, headDim: tensor.headDim)

    let chosen = spectralFeatures
    if chosen.isEmpty {
      period = middle + count
    } else {
      precondition(reconstruction == .projection && middle + count <= period)
      let values = leaving.floats()
      var samples = [Float](repeating: 0, count: count * chosen.count)
      for (column, feature) in chosen.enumerated() {
        for t in 0..<count { samples[t * chosen.count + column] = values[columns.index(feature: feature, token: t)] }
      }
      TruncatedSpectrum(period: period, frequencies: frequencies).add(
        samples, signals: chosen.count, at: middle, to: &coefficients)
    }

    var exact: [UInt8] = []
    exact.reserveCapacity(exactFeatures.count * (middle + count) * size)
    for (place, feature) in exactFeatures.enumerated() {
      exact += exactBytes[place * middle * size..<(place + 1) * middle * size]
      exact += columns.gatherBytes(leaving.bytes, elementSize: size, features: [feature], over: 0..<count)
    }
    exactBytes = exact
    edgeBytes = edge.rows(0..<sinks).followed(by: tail.rows(count..<count + window)).bytes
    middle += count
  }
}
