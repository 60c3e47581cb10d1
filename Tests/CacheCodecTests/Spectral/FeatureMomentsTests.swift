import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct FeatureMomentsTests {
  /// Mean and covariance of rows 4… of 2100 (so that tiles of 1024 meet) against sums in Double.
  @Test(arguments: [9, 100, 2100]) func meansAndCovariancesInDouble(tokens: Int) {
    let group = SpectralCases.group(tokens: tokens)
    let tensors = SpectralCases.tensors(group, .float32)
    let plan = SegmentPlan(SpectralCases.parameters(window: 0), tokens: tokens)
    let samples = GroupSamples(
      group: group, weights: [1, 1, 1, 1], mean: Array(repeating: 0, count: 12), rotation: nil)
    let found = FeatureMoments(samples, tensors: tensors, plan: plan, covariance: true)
    let count = tokens - 4
    #expect(found.count == count)
    let columns = (0..<12).map { feature -> [Double] in
      let values = ElementCoding.decode(tensors[feature / 6].bytes, as: .float32)
      return (4..<tokens).map { Double(values[(feature % 6 / 3 * tokens + $0) * 3 + feature % 3]) }
    }
    let means = columns.map { $0.reduce(0, +) / Double(count) }
    var (meanError, error) = (WorstError(), WorstError())
    // Sums of at most `terms` numbers in single precision, then one more rounding.
    let terms = Double(min(count, 1024) + 2)
    for i in 0..<12 {
      let size = columns[i].reduce(0) { $0 + abs($1) } / Double(count)
      meanError.add(found.mean[i], means[i], unit: terms * 0x1p-24 * size)
      for j in i..<12 {
        let products = zip(columns[i], columns[j]).map { $0 * $1 }
        let expected = products.reduce(0, +) / Double(count) - means[i] * means[j]
        let size = products.reduce(0) { $0 + abs($1) } / Double(count)
        error.add(found.covariance[i * 12 + j], expected, unit: Double(count + 4) * 0x1p-24 * size)
      }
    }
    #expect(meanError.value <= 1 && error.value <= 3)

    let weights: [Float] = [0.5, 1, 2, 4]
    let weighted = found.weightedCovariance(weights, headDim: 3)
    for i in 0..<12 {
      for j in i..<12 {
        #expect(weighted[i * 12 + j] == found.covariance[i * 12 + j] * weights[i / 3] * weights[j / 3])
      }
    }
  }

  @Test func withoutTokensEverythingIsZero() {
    let group = SpectralCases.group(tokens: 3)
    let samples = GroupSamples(
      group: group, weights: [1, 1, 1, 1], mean: Array(repeating: 0, count: 12), rotation: nil)
    let plan = SegmentPlan(SpectralCases.parameters(), tokens: 3)
    let found = FeatureMoments(samples, tensors: SpectralCases.tensors(group), plan: plan, covariance: true)
    #expect(found.count == 0 && found.mean == Array(repeating: 0, count: 12))
    #expect(found.covariance.allSatisfy { $0 == 0 })
    let plain = FeatureMoments(samples, tensors: SpectralCases.tensors(group), plan: plan, covariance: false)
    #expect(plain.covariance.isEmpty)
  }
}
