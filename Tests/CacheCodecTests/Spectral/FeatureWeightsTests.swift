import Foundation
import KVCacheModel
import Testing

@testable import CacheCodec

@Suite struct FeatureWeightsTests {
  private static func mean(_ values: [Double]) -> Double {
    exp(values.map { log($0) }.reduce(0, +) / Double(values.count))
  }

  @Test func theFormulaInDouble() {
    let sensitivities: [[Float]] = [[0.1, 3, 0.7], [20, 4], [1e-3, 0.02, 0.5, 0.9]]
    let all = Self.mean(sensitivities.joined().map { Double($0) })
    let found = FeatureWeights(sensitivities: sensitivities).layers
    for (heads, weights) in zip(sensitivities, found) {
      let level = Self.mean(heads.map { Double($0) })
      #expect(weights.count == heads.count)
      for (s, w) in zip(heads, weights) {
        let expected = all * pow(level / all, 0.75) * pow(Double(s) / level, 0.5)
        // Logarithms, exponentials, a power and three products of single precision: below 64 roundings, the logarithms'
        // magnified by their size, 7 at most.
        #expect(abs(Double(w) / expected - 1) <= 7 * 64 * 0x1p-24)
      }
    }
  }

  @Test func equalSensitivitiesAreTheWeights() {
    for value: Float in [1e-6, 0.3, 1, 5e5] {
      let found = FeatureWeights(sensitivities: [[value, value], [value]]).layers
      for weight in found.joined() { #expect(abs(weight / value - 1) <= 14 * 64 * 0x1p-24) }
    }
  }

  @Test func weightsStayLegal() {
    for odd: Float in [0, .nan, .infinity, -.infinity, -1, 1e-38, 1e38] {
      for rest: Float in [1, 1e-38, 1e38, 0, .nan] {
        let found = FeatureWeights(sensitivities: [[odd, rest], [rest, rest]]).layers
        #expect(found.joined().allSatisfy { FeatureWeights.legal.contains($0) }, "\(odd) \(rest) \(found)")
      }
    }
    #expect(FeatureWeights(sensitivities: []).layers == [])
    #expect(FeatureWeights(sensitivities: [[0, 0]]).layers.joined().allSatisfy { $0 > 0 })
  }

  /// A head that nobody listens to keeps the root of a thousandth of what the others have, and the layer's level falls.
  @Test func aSilentHeadIsFloored() {
    let floored = FeatureWeights(sensitivities: [[0, 1], [1, 1]]).layers
    let explicit = FeatureWeights(sensitivities: [[1e-3, 1], [1, 1]]).layers
    #expect(floored[0][0] > 0 && floored[0][0] < floored[0][1])
    // The floor is relative to the mean of those that are positive, here 1; a head of that size counts in the mean.
    #expect(abs(explicit[0][0] / explicit[0][1] - floored[0][0] / floored[0][1]) <= 1e-5)
  }

  @Test func weightsOfAGroup() {
    let weights = FeatureWeights(sensitivities: [[1, 1], [2, 2], [4, 4]])
    let shape = LayerGeometry(kvHeads: 2, queryHeads: 2, headDim: 1, tokens: 1)
    let group = LayerGroup(firstLayer: 1, count: 2, shape: shape)
    #expect(weights.weights(of: group) == weights.layers[1] + weights.layers[2])
  }
}
