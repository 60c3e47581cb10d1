import Fidelity
import Foundation
import KVCacheModel
import TestSupport
import Testing

@Suite struct AttentionProblemTests {
  private static func problem(_ count: Int, window: Int? = nil) -> AttentionProblem {
    let layer = LayerGeometry(kvHeads: 1, queryHeads: 2, headDim: 3, tokens: 30, slidingWindow: window)
    let elements = (0..<2 * count * 3).map { Float($0) }
    return AttentionProblem(
      layer: layer,
      queries: ProbeQueries(heads: 2, count: count, headDim: 3, firstPosition: 30 - count, elements: elements), scale: 1
    )
  }

  @Test func thinningKeepsEvenlySpreadQueries() {
    for count in 1...12 {
      for most in 1...14 {
        let full = Self.problem(count, window: 7)
        let thin = full.thinned(to: most)
        #expect(thin.queries.count == min(count, most))
        #expect(thin.positions.last == 29)
        #expect(thin.positions == thin.positions.sorted() && Set(thin.positions).count == thin.positions.count)
        let gaps = zip(thin.positions.dropFirst(), thin.positions).map { $0 - $1 }
        #expect((gaps.max() ?? 0) - (gaps.min() ?? 0) <= 1)
        for (index, position) in thin.positions.enumerated() {
          let original = position - (30 - count)
          #expect(thin.visibleRows(query: index) == full.visibleRows(query: original))
          for head in 0..<2 {
            for d in 0..<3 {
              #expect(
                thin.queries.elements[(head * thin.queries.count + index) * 3 + d]
                  == full.queries.elements[(head * count + original) * 3 + d])
            }
          }
        }
      }
    }
  }

  /// Attention of the kept queries is what it was, dropped rows included.
  @Test func thinnedProblemsGiveTheSameOutputs() throws {
    var generator = RepeatableGenerator(seed: 4)
    let numbers = (0..<90).map { _ in generator.normal() / 20 }
    let full = Self.problem(8, window: 20).dropping(5..<12)
    let thin = full.thinned(to: 3)
    #expect(thin.droppedRows == 5..<12)
    let outputs = try ReferenceAttention.outputs(full, keys: numbers, values: numbers)
    let thinned = try ReferenceAttention.outputs(thin, keys: numbers, values: numbers)
    for head in 0..<2 {
      for (index, position) in thin.positions.enumerated() {
        let (a, b) = ((head * 3 + index) * 3, (head * 8 + position - 22) * 3)
        // Products of another number of rows may run through another kernel: sums of 30 terms round differently.
        for d in 0..<3 { #expect(abs(thinned[a + d] - outputs[b + d]) <= 64 * 0x1p-24) }
      }
    }
  }

  /// Probabilities in Double, averaged.
  @Test func meanAttentionIsTheMeanOfProbabilities() throws {
    let problem = Self.problem(6, window: 9)
    var generator = RepeatableGenerator(seed: 9)
    let keys = (0..<90).map { _ in generator.normal() / 20 }
    var expected = [Double](repeating: 0, count: 30)
    for head in 0..<2 {
      for query in 0..<6 {
        let seen = problem.visibleRows(query: query)
        let weights = seen.map { row in
          exp(
            (0..<3).reduce(0.0) {
              $0 + Double(problem.queries.elements[(head * 6 + query) * 3 + $1]) * Double(keys[row * 3 + $1])
            })
        }
        for (row, weight) in zip(seen, weights) { expected[row] += weight / weights.reduce(0, +) / 12 }
      }
    }
    let found = try ReferenceAttention.meanAttention(problem, keys: keys)
    // Scores are below 36·3·0.3 with products rounded five times; a probability is off by twice a score's error.
    #expect(WorstError.between(found, expected) <= 2 * 33 * 5 * 0x1p-24)
    #expect(abs(found.reduce(0, +) - 1) <= 64 * 0x1p-24)
    #expect(found[..<16].allSatisfy { $0 == 0 })
  }
}
