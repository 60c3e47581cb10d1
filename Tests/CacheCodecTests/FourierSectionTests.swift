import KVCacheModel
import SpectralTransform
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct FourierSectionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var tokens: Int
    var type: ElementType
    var reconstruction: FourierReconstruction
    var coefficients: ElementType
    var fraction: Double
    var testDescription: String {
      "T \(tokens), \(type), \(reconstruction.name), coefficients \(coefficients), fraction \(fraction)"
    }
  }

  static let cases = [0, 1, 2, 3, 4, 5, 16, 33].flatMap { tokens in
    ElementType.allCases.flatMap { type in
      FourierReconstruction.allCases.flatMap { reconstruction in
        [ElementType.float16, .float32].flatMap { coefficients in
          [0, 0.5, 1].map {
            Case(
              tokens: tokens, type: type, reconstruction: reconstruction, coefficients: coefficients, fraction: $0)
          }
        }
      }
    }
  }

  @Test(arguments: cases) func bytesGiveTheSectionBack(of test: Case) throws {
    let layer = SectionCases.layer(tokens: test.tokens, kvHeads: 3, headDim: 5)
    let tensor = SectionCases.tensor(layer, test.type)
    for period in [nil, 50] {
      let section = SectionCases.section(
        tensor,
        SectionCases.parameters(
          period: period, reconstruction: test.reconstruction, coefficients: test.coefficients),
        fraction: test.fraction)
      let encoded = section.encoded(elementSize: test.type.byteCount)
      let parsed = try FourierSection(
        parsing: encoded.bytes, layer: layer, elementSize: test.type.byteCount, place: "here")
      #expect(parsed == section)
      let head = try FourierSection.head(encoded.bytes, layer: layer, place: "here")
      #expect(head.parts == encoded.parts)
      try checkExactParts(section, parsed.restored(layer: layer, elementType: test.type), tensor)
    }
  }

  /// Sinks, window and exact features come back bit for bit.
  private func checkExactParts(_ section: FourierSection, _ restored: CacheTensor, _ tensor: CacheTensor) throws {
    let size = tensor.elementType.byteCount
    var wrong = 0
    for place in 0..<tensor.elementCount {
      let token = place / tensor.headDim % tensor.tokens
      let feature = place / (tensor.tokens * tensor.headDim) * tensor.headDim + place % tensor.headDim
      let isEdge = token < section.sinks || token >= section.sinks + section.middle
      guard isEdge || !section.isSpectral[feature] else { continue }
      let range = place * size..<(place + 1) * size
      if restored.bytes[range] != tensor.bytes[range] { wrong += 1 }
    }
    #expect(wrong == 0)
    if section.spectralFeatures.isEmpty { #expect(restored == tensor) }
  }

  /// Spectral features are the projection of the plain sums, to the rounding of transforms of numbers of at most 6
  /// (see TruncatedSpectrumTests) and one rounding of each coefficient.
  @Test(arguments: [nil, 40] as [Int?]) func spectralFeaturesAreTheProjection(period: Int?) {
    let layer = SectionCases.layer(tokens: 30)
    let tensor = SectionCases.tensor(layer, .float32)
    let section = SectionCases.section(
      tensor, SectionCases.parameters(states: 8, period: period, coefficients: .float32), fraction: 1)
    let restored = section.restored(layer: layer, elementType: .float32).decodedElements
    let shape = TruncatedSpectrum(period: period ?? 27, frequencies: 4)
    let columns = FeatureColumns(tokens: 30, headDim: 3)
    var worst = WorstError()
    for feature in 0..<6 {
      let middle = (1..<28).map { Double(tensor.decodedElements[columns.index(feature: feature, token: $0)]) }
      let expected = TruncatedSpectrum.Reference.inverse(
        TruncatedSpectrum.Reference.forward(middle, shape), count: 27, shape)
      for (t, x) in expected.enumerated() { worst.add(restored[columns.index(feature: feature, token: 1 + t)], x) }
    }
    #expect(worst.value <= 6 * 40 * 0x1p-23 * 8)
  }

  /// `published` gives each signal its mean and its largest deviation back: the four numbers that it keeps are rounded
  /// to Float, product and sum as well.
  @Test func publishedMatchesMeanAndLargestDeviation() {
    let layer = SectionCases.layer(tokens: 40)
    let tensor = SectionCases.tensor(layer, .float32)
    let section = SectionCases.section(
      tensor, SectionCases.parameters(states: 6, reconstruction: .published), fraction: 1)
    let restored = section.restored(layer: layer, elementType: .float32).decodedElements
    let columns = FeatureColumns(tokens: 40, headDim: 3)
    func summary(_ values: [Float], _ feature: Int) -> (mean: Double, deviation: Double) {
      let x = (section.sinks..<section.sinks + section.middle).map {
        Double(values[columns.index(feature: feature, token: $0)])
      }
      let mean = x.reduce(0, +) / Double(x.count)
      return (mean, x.map { abs($0 - mean) }.max() ?? 0)
    }
    for feature in 0..<6 {
      let (original, found) = (summary(tensor.decodedElements, feature), summary(restored, feature))
      let bound = 8 * 0x1p-23 * (abs(original.mean) + original.deviation)
      #expect(abs(original.mean - found.mean) <= bound)
      #expect(abs(original.deviation - found.deviation) <= 2 * bound)
    }
  }

  @Test func affineMatchEdgeCases() {
    #expect(FourierSection.affineMatch([1, 1], [3, 3]) == (0, 1))
    #expect(FourierSection.affineMatch([0, 2], [5, 6]) == (2, -10))
    #expect(FourierSection.affineMatch([], []) == (0, 0))
  }

  /// Features that are a slow cosine are kept as spectra, noisy ones exactly.
  @Test func insensitiveFeaturesAreChosen() {
    let layer = SectionCases.layer(tokens: 64, kvHeads: 2, headDim: 4)
    let slow: Set<Int> = [1, 2, 7]
    var generator = RepeatableGenerator(seed: 9)
    var values = [Float](repeating: 0, count: layer.elementCount)
    let columns = FeatureColumns(tokens: 64, headDim: 4)
    for feature in 0..<8 {
      for t in 0..<64 {
        values[columns.index(feature: feature, token: t)] =
          slow.contains(feature) ? Float(feature) : Float.random(in: -1...1, using: &generator)
      }
    }
    let tensor = CacheTensor(kvHeads: 2, tokens: 64, headDim: 4, elementType: .float16, rounding: values)
    let section = SectionCases.section(tensor, SectionCases.parameters(), fraction: 3.0 / 8)
    #expect(Set(section.spectralFeatures) == slow)
    // Constants survive the transform to the rounding of one F16 coefficient.
    let restored = section.restored(layer: layer, elementType: .float16)
    #expect(restored == tensor)
  }

  /// A NaN makes a feature the last to be chosen, and what has to be chosen all the same does not trap.
  @Test func numbersThatAreNone() throws {
    let layer = SectionCases.layer(tokens: 20)
    for bad: Float in [.nan, .infinity, 65504] {
      var values = SectionCases.tensor(layer, .float32).decodedElements
      values[10 * 3] = bad
      let tensor = CacheTensor(kvHeads: 2, tokens: 20, headDim: 3, elementType: .float16, rounding: values)
      let half = SectionCases.section(tensor, SectionCases.parameters(), fraction: 0.5)
      #expect(!half.isSpectral[0])
      let all = SectionCases.section(tensor, SectionCases.parameters(reconstruction: .published), fraction: 1)
      let parsed = try FourierSection(
        parsing: all.encoded(elementSize: 2).bytes, layer: layer, elementSize: 2, place: "here")
      #expect(parsed.restored(layer: layer, elementType: .float16).bytes.count == tensor.bytes.count)
    }
  }
}
