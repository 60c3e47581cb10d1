import ComputeKernels
import KVCacheModel
import SpectralTransform

extension FourierSection {
  /// Splits keys or values of a layer into exact and spectral parts.
  ///
  /// The spectral features are the `plan.spectralFeatures` whose middle signal loses least, as summed squared error
  /// after rounding of the coefficients (the released code ranks by mean squared error, too).
  init(_ tensor: CacheTensor, plan: FourierLayerPlan) {
    let columns = FeatureColumns(tokens: tensor.tokens, headDim: tensor.headDim)
    let features = tensor.kvHeads * tensor.headDim
    let middleRange = plan.sinks..<plan.sinks + plan.middle
    sinks = plan.sinks
    middle = plan.middle
    window = plan.window
    frequencies = plan.frequencies
    period = plan.period
    reconstruction = plan.reconstruction
    coefficientType = plan.coefficientType
    isSpectral = Array(repeating: false, count: features)
    scales = []
    offsets = []
    coefficients = []
    exactBytes = []
    edgeBytes = columns.gatherRows(
      tensor.bytes, elementSize: tensor.elementType.byteCount, heads: tensor.kvHeads, 0..<sinks,
      middleRange.upperBound..<tensor.tokens)

    if plan.spectralFeatures > 0 {
      let fits = Self.fits(tensor.floats(), columns: columns, features: features, over: middleRange, plan: plan)
      let ranking = fits.indices.sorted { (fits[$0].error, $0) < (fits[$1].error, $1) }
      for feature in ranking.prefix(plan.spectralFeatures) { isSpectral[feature] = true }
      let chosen = isSpectral.indices.filter { isSpectral[$0] }
      coefficients = [Float](repeating: 0, count: chosen.count * 2 * frequencies)
      for (column, feature) in chosen.enumerated() {
        for row in 0..<2 * frequencies { coefficients[row * chosen.count + column] = fits[feature].coefficients[row] }
      }
      if reconstruction == .published {
        scales = chosen.map { fits[$0].scale }
        offsets = chosen.map { fits[$0].offset }
      }
    }
    exactBytes = columns.gatherBytes(
      tensor.bytes, elementSize: tensor.elementType.byteCount,
      features: isSpectral.indices.filter { !isSpectral[$0] }, over: middleRange)
  }

  /// One feature's truncated spectrum and what it loses.
  private struct Fit {
    var coefficients: [Float]
    var scale: Float
    var offset: Float
    var error: Double
  }

  private static func fits(
    _ values: [Float], columns: FeatureColumns, features: Int, over range: Range<Int>, plan: FourierLayerPlan
  ) -> [Fit] {
    let spectrum = plan.spectrum
    let scratch = TruncatedSpectrum.Scratch(spectrum)
    var signal = [Float](repeating: 0, count: range.count)
    var restored = signal
    return (0..<features).map { feature in
      values.withUnsafeBufferPointer { columns.gather($0, feature: feature, over: range, into: &signal) }
      var coefficients = [Float](repeating: 0, count: spectrum.coefficientCount)
      signal.withUnsafeBufferPointer { spectrum.forward($0, into: &coefficients, scratch: scratch) }
      if plan.coefficientType == .float16 {
        coefficients = StoredElements.widenHalf(StoredElements.narrowHalf(coefficients))
      }
      restored.withUnsafeMutableBufferPointer { spectrum.inverse(coefficients, into: $0, scratch: scratch) }
      let (scale, offset) = plan.reconstruction == .published ? affineMatch(signal, restored) : (1, 0)
      var error = 0.0
      for t in signal.indices {
        let difference = Double(signal[t]) - Double(scale * restored[t] + offset)
        error += difference * difference
      }
      return Fit(coefficients: coefficients, scale: scale, offset: offset, error: error.isNaN ? .infinity : error)
    }
  }

  /// (a, b) such that a·restored + b has the mean and the largest deviation from it that `signal` has.
  static func affineMatch(_ signal: [Float], _ restored: [Float]) -> (scale: Float, offset: Float) {
    func summary(_ x: [Float]) -> (mean: Double, deviation: Double) {
      let mean = x.reduce(0.0) { $0 + Double($1) } / Double(max(x.count, 1))
      return (mean, x.reduce(0.0) { max($0, abs(Double($1) - mean)) })
    }
    let (original, truncated) = (summary(signal), summary(restored))
    let scale = truncated.deviation > 0 ? original.deviation / truncated.deviation : 0
    return (Float(scale), Float(original.mean - scale * truncated.mean))
  }

  /// Puts the parts together again. Exact parts come back bit for bit.
  func restored(layer: LayerGeometry, elementType: ElementType) -> CacheTensor {
    let columns = FeatureColumns(tokens: layer.tokens, headDim: layer.headDim)
    let middleRange = sinks..<sinks + middle
    var values = [Float](repeating: 0, count: layer.elementCount)
    let chosen = spectralFeatures
    if !chosen.isEmpty {
      let spectrum = TruncatedSpectrum(period: period, frequencies: frequencies)
      let scratch = TruncatedSpectrum.Scratch(spectrum)
      var signal = [Float](repeating: 0, count: middle)
      var own = [Float](repeating: 0, count: spectrum.coefficientCount)
      for (column, feature) in chosen.enumerated() {
        for row in own.indices { own[row] = coefficients[row * chosen.count + column] }
        signal.withUnsafeMutableBufferPointer { spectrum.inverse(own, into: $0, scratch: scratch) }
        let (scale, offset) = reconstruction == .published ? (scales[column], offsets[column]) : (1, 0)
        var target = columns.index(feature: feature, token: sinks)
        for x in signal {
          values[target] = scale * x + offset
          target += layer.headDim
        }
      }
    }
    var tensor = CacheTensor(
      values: values, kvHeads: layer.kvHeads, tokens: layer.tokens, headDim: layer.headDim, elementType: elementType)
    let size = elementType.byteCount
    columns.scatterBytes(exactBytes, elementSize: size, features: exactFeatures, over: middleRange, into: &tensor.bytes)
    columns.scatterRows(
      edgeBytes, elementSize: size, heads: layer.kvHeads, 0..<sinks, middleRange.upperBound..<layer.tokens,
      into: &tensor.bytes)
    return tensor
  }
}
