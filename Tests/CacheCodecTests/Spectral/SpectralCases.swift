import KVCacheModel
import SpectralTransform
import TestSupport

@testable import CacheCodec

/// Groups, frames and segments that the tests of profile `spectral` share.
enum SpectralCases {
  static func parameters(
    _ rate: SpectralParameters.Rate = .step(0.1), basis: BasisSource = .embedded, group: Int? = nil, block: Int = 16,
    sinks: Int = 4, window: Int? = nil, coding: SpectralParameters.WindowCoding = .fine, segment: Int? = nil,
    exact: Double = 0, weighted: Bool = false
  ) -> SpectralParameters {
    var parameters = SpectralParameters()
    parameters.rate = rate
    parameters.basis = basis
    parameters.groupLayers = group
    parameters.blockLength = block
    parameters.sinks = sinks
    parameters.window = window
    parameters.windowCoding = coding
    parameters.segmentTokens = segment ?? 4 * block
    parameters.exactFraction = exact
    parameters.weightsValuesByAttention = weighted
    return parameters
  }

  /// Two layers of two heads of three dimensions: n = 12.
  static func group(tokens: Int = 20) -> LayerGroup {
    LayerGroup(
      firstLayer: 1, count: 2, shape: LayerGeometry(kvHeads: 2, queryHeads: 2, headDim: 3, tokens: tokens))
  }

  static func tensors(_ group: LayerGroup, _ type: ElementType = .float16, seed: UInt64 = 5) -> [CacheTensor] {
    (0..<group.count).map { SectionCases.tensor(group.shape, type, seed: seed + UInt64($0)) }
  }

  /// A frame of `group()` with everything that a frame can hold.
  static func frame(
    basis source: BasisSource = .embedded, reflectors: Int = 3, exactRows: [Range<Int>] = [0..<2, 18..<20],
    exactFeatures: [Int] = [1, 11], unrotated: Bool = true
  ) -> SpectralFrame {
    let group = group()
    var generator = RepeatableGenerator(seed: 8)
    let lists = (0..<reflectors).map { j in
      (0..<12 - j).map { _ in Int16.random(in: 1...40, using: &generator) }
    }
    return SpectralFrame(
      group: group, blockLength: 4, basisSource: source, isUnrotated: unrotated,
      weights: [0.5, 1, 2, 1e-30], mean: (0..<12).map { Float($0) - 6.5 },
      basis: source == .embedded ? QuantisedBasis(dimension: 12, integers: lists) : nil, exactRows: exactRows,
      exactBytes: SpectralGroupCoder.gather(tensors(group), rows: exactRows), exactFeatures: exactFeatures)
  }

  /// A segment of rows 2 ..< 12 of `frame()`.
  static func segment(codes: [UInt8] = [0, 9, 255], components: Int = 5) -> SpectralSegment {
    var generator = RepeatableGenerator(seed: 9)
    return SpectralSegment(
      rows: 2..<12, components: components, step: 0.25, offset: 0.1, blockCodes: codes,
      symbols: (0..<components * 4 * 3).map { _ in Int16.random(in: -3...3, using: &generator) },
      exactBytes: SpectralGroupCoder.gather(tensors(group()), features: [1, 11], rows: 2..<12))
  }

  static func put<Number>(_ number: Number, _ place: Int, in bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    withUnsafeBytes(of: number) { bytes.replaceSubrange(place..<place + $0.count, with: $0) }
    return bytes
  }
}

/// The 2-norm of a list of numbers.
func norm(_ values: some Sequence<Double>) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
