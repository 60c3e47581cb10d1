import KVCacheModel
import SpectralTransform

extension FourierParts {
  /// Keys or values as a decoder gives them, (H, T, D), rounded to the cache's type.
  public func restored() -> CacheTensor {
    let layer = LayerGeometry(
      kvHeads: edge.kvHeads, queryHeads: edge.kvHeads, headDim: edge.headDim, tokens: sinks + middle + window)
    var isSpectral = [Bool](repeating: false, count: layer.features)
    for feature in spectralFeatures { isSpectral[feature] = true }
    let section = FourierSection(
      sinks: sinks, middle: middle, window: window, frequencies: spectrum?.frequencies ?? 0,
      period: spectrum?.period ?? middle, reconstruction: .projection, coefficientType: .float32,
      isSpectral: isSpectral, scales: [], offsets: [], edgeBytes: edge.bytes, exactBytes: exactBytes,
      coefficients: coefficients)
    return section.restored(layer: layer, elementType: edge.elementType)
  }
}
