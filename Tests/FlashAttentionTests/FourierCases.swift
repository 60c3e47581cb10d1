import CacheCodec
import Fidelity
import FlashAttention
import Foundation
import KVCacheModel
import TestSupport
import Testing

/// Small layers of profile `fourier`, and what attention over them is checked against.
struct FourierCase: CustomTestStringConvertible, Sendable {
  var kvHeads = 2
  var groupSize = 2
  var headDim = 5
  var tokens = 300
  var sinks = 4
  var window = 20
  var states: Int? = 12
  var period: Int?
  var keyFraction = 0.6
  var valueFraction = 0.8
  var reconstruction = FourierReconstruction.projection
  var coefficients = ElementType.float32
  var types = (key: ElementType.float16, value: ElementType.float16)
  var softcap: Float?
  var slidingWindow: Int?
  var firstPosition = 0
  var queries = 1
  /// The position of the last query; the layer's last token if nil.
  var lastPosition: Int?

  var testDescription: String {
    "H \(kvHeads) G \(groupSize) D \(headDim) T \(tokens) = \(sinks) + … + \(window), states \(states ?? 0), period "
      + "\(period ?? 0), \(keyFraction)/\(valueFraction), \(reconstruction.name), \(coefficients), \(types), cap "
      + "\(softcap ?? 0), sliding \(slidingWindow ?? 0), from \(firstPosition), \(queries) queries to \(lastPosition ?? -1)"
  }

  var parameters: FourierParameters {
    var parameters = FourierParameters()
    parameters.sinks = sinks
    parameters.window = window
    parameters.states = states
    parameters.period = period
    parameters.keyFraction = keyFraction
    parameters.valueFraction = valueFraction
    parameters.reconstruction = reconstruction
    parameters.coefficientType = coefficients
    return parameters
  }

  var geometry: LayerGeometry {
    LayerGeometry(
      kvHeads: kvHeads, queryHeads: kvHeads * groupSize, headDim: headDim, tokens: tokens,
      firstPosition: firstPosition, slidingWindow: slidingWindow)
  }

  /// What scores are multiplied by.
  var scale: Float { 1 / Float(headDim).squareRoot() }

  /// Slow signals with noise, between −4 and 4.
  func tensor(_ kind: CacheKind, tokens: Int? = nil) -> CacheTensor {
    let count = tokens ?? self.tokens
    var generator = RepeatableGenerator(seed: kind == .key ? 3 : 4)
    let features = kvHeads * headDim
    // Token by token, so that a longer tensor begins with the shorter one.
    var rows = [Float](repeating: 0, count: count * features)
    for t in 0..<count {
      for f in 0..<features {
        rows[t * features + f] =
          2 * Float(sin(Double(t) * 0.02 * Double(f % 4 + 1) + Double(f))) + Float.random(in: -2...2, using: &generator)
      }
    }
    var values = rows
    for head in 0..<kvHeads {
      for t in 0..<count {
        for i in 0..<headDim { values[(head * count + t) * headDim + i] = rows[t * features + head * headDim + i] }
      }
    }
    return CacheTensor(
      kvHeads: kvHeads, tokens: count, headDim: headDim, elementType: kind == .key ? types.key : types.value,
      rounding: values)
  }

  func parts(_ kind: CacheKind, tokens: Int? = nil) -> FourierParts {
    FourierParts(tensor(kind, tokens: tokens), parameters, fraction: kind == .key ? keyFraction : valueFraction)
  }

  func layer() throws -> FourierLayer {
    try FourierLayer(keys: parts(.key), values: parts(.value), geometry: geometry, scale: scale, softcap: softcap)
  }

  var probes: ProbeQueries {
    var generator = RepeatableGenerator(seed: 5)
    let last = lastPosition ?? geometry.endPosition - 1
    return ProbeQueries(
      heads: geometry.queryHeads, count: queries, headDim: headDim, firstPosition: last - queries + 1,
      elements: (0..<geometry.queryHeads * queries * headDim).map { _ in Float.random(in: -1...1, using: &generator) })
  }

  var problem: AttentionProblem {
    AttentionProblem(layer: geometry, queries: probes, scale: scale, softcap: softcap)
  }

  /// Where a file's cosines add up to more than its numbers: Σₙ |aₙ| + |bₙ| of a feature, the most.
  func amplitude(_ parts: FourierParts) -> Double {
    let count = parts.spectralFeatures.count
    guard count > 0 else { return 0 }
    return (0..<count).map { column in
      stride(from: column, to: parts.coefficients.count, by: count).reduce(0) {
        $0 + Double(abs(parts.coefficients[$1]))
      }
    }.max() ?? 0
  }

  /// What attention without reconstruction may be off by.
  ///
  /// A score is Σ over D elements of |q| ≤ 1 times numbers whose size is at most A = max(4, Σₙ |aₙ| + |bₙ|). Interpolation
  /// errs by windowError·A of each, the FFT of Q points, the products over 2N coefficients and D elements round at
  /// most 3·log₂Q + 2N + D + 16 times, each by 2⁻²⁴ of it (factors up to 3 undo the window). Twice the scores' error is
  /// the probabilities', relatively; softmax adds (T/16 + 24 + range)·2⁻²³ (SoftmaxTests). An output is an average of
  /// numbers ≤ A, whose own sums round alike.
  func tolerance(_ keys: FourierParts, _ values: FourierParts) -> Double {
    let (sizeK, sizeV) = (max(4, amplitude(keys)), max(4, amplitude(values)))
    let frequencies = Double(max(keys.spectrum?.frequencies ?? 0, values.spectrum?.frequencies ?? 0))
    let steps = 3 * log2(Double(max(keys.spectrum?.period ?? 2, 2))) + 2 * frequencies + Double(headDim) + 16
    let once = 1.2e-6 + 3 * steps * 0x1p-24
    let score = Double(scale) * Double(headDim) * sizeK * once
    let range = 2 * Double(scale) * Double(headDim) * sizeK
    let softmax = (Double(tokens) / 16 + 24 + range) * 0x1p-23 + Double(softcap ?? 0) * 4 * 0x1p-23
    return sizeV * (2 * score + softmax + once)
  }
}
