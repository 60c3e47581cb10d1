import Fidelity
import KVCacheModel
import TestSupport
import Testing

@Suite struct LayerComparisonTests {
  private let cache = SyntheticCache.make(layers: 1, kvHeads: 2, groupSize: 2, tokens: 20, headDim: 8, probe: 5)

  private var problem: AttentionProblem {
    AttentionProblem(
      layer: cache.description.geometry.layers[0], queries: cache.queries[0], scale: cache.description.attentionScale)
  }

  @Test func equalCachesHaveNoError() throws {
    let (keys, values) = (cache.keys[0].decodedElements, cache.values[0].decodedElements)
    let comparison = try LayerComparison(
      problem, keys: keys, values: values, restoredKeys: keys, restoredValues: values)
    #expect(comparison.headErrors == [0, 0, 0, 0])
    #expect(comparison.keyError.value == 0 && comparison.valueError.value == 0 && comparison.probeQueries == 5)
  }

  /// Values that are all half of what they were halve every output.
  @Test func halvedValues() throws {
    let (keys, values) = (cache.keys[0].decodedElements, cache.values[0].decodedElements)
    let comparison = try LayerComparison(
      problem, keys: keys, values: values, restoredKeys: keys, restoredValues: values.map { $0 / 2 })
    #expect(comparison.headErrors == [0.5, 0.5, 0.5, 0.5])
    #expect(comparison.keyError.value == 0 && comparison.valueError.value == 0.5)
  }

  /// A spoilt key of one KV head is felt by that head's query heads only.
  @Test func errorsStayWithTheirHeads() throws {
    let (keys, values) = (cache.keys[0].decodedElements, cache.values[0].decodedElements)
    var spoilt = keys
    for place in 20 * 8..<2 * 20 * 8 { spoilt[place] = -spoilt[place] }
    let comparison = try LayerComparison(
      problem, keys: keys, values: values, restoredKeys: spoilt, restoredValues: values)
    #expect(comparison.headErrors[..<2] == [0, 0])
    #expect(comparison.headErrors[2] > 0 && comparison.headErrors[3] > 0)
    spoilt[0] = .nan
    let poisoned = try LayerComparison(
      problem, keys: keys, values: values, restoredKeys: spoilt, restoredValues: values)
    #expect(poisoned.headErrors[0] == .infinity && poisoned.keyError.value == .infinity)
  }
}
