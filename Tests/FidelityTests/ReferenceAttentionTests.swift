import Fidelity
import Foundation
import KVCacheModel
import TestSupport
import Testing

@Suite struct ReferenceAttentionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var kvHeads = 2
    var groupSize = 3
    var headDim = 5
    var tokens = 9
    var firstPosition = 0
    var window: Int?
    var softcap: Float?
    var firstQuery = 0
    var queries = 12
    var testDescription: String {
      "H \(kvHeads) G \(groupSize) D \(headDim) T \(tokens) from \(firstPosition), window \(window ?? 0), "
        + "cap \(softcap ?? 0), \(queries) queries from \(firstQuery)"
    }

    var layer: LayerGeometry {
      LayerGeometry(
        kvHeads: kvHeads, queryHeads: kvHeads * groupSize, headDim: headDim, tokens: tokens,
        firstPosition: firstPosition, slidingWindow: window)
    }
  }

  static let cases = [
    Case(), Case(kvHeads: 1, groupSize: 1, headDim: 1, tokens: 1, queries: 1),
    Case(tokens: 40, firstQuery: 36, queries: 4),
    Case(window: 3), Case(window: 1), Case(window: 100), Case(firstPosition: 4, firstQuery: 2, queries: 14),
    Case(tokens: 4, firstPosition: 8, window: 4, firstQuery: 6, queries: 10), Case(softcap: 2),
    Case(tokens: 7, firstPosition: 3, window: 5, softcap: 50, firstQuery: 0, queries: 12), Case(tokens: 0),
    Case(queries: 0), Case(groupSize: 1), Case(kvHeads: 3, groupSize: 2, headDim: 16, tokens: 70, queries: 70),
  ]

  private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = RepeatableGenerator(seed: seed)
    return (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
  }

  private static func problem(_ test: Case) -> AttentionProblem {
    AttentionProblem(
      layer: test.layer,
      queries: ProbeQueries(
        heads: test.layer.queryHeads, count: test.queries, headDim: test.headDim, firstPosition: test.firstQuery,
        elements: numbers(test.layer.queryHeads * test.queries * test.headDim, seed: 1)),
      scale: 1 / Float(test.headDim).squareRoot(), softcap: test.softcap)
  }

  /// The definition, token by token in `Double`: position p sees cached positions ≤ p and, with a window W, > p − W.
  private static func expected(_ problem: AttentionProblem, keys: [Float], values: [Float]) -> [Double] {
    let (layer, queries) = (problem.layer, problem.queries)
    var result: [Double] = []
    for head in 0..<layer.queryHeads {
      let kv = head / (layer.queryHeads / layer.kvHeads)
      for query in 0..<queries.count {
        let position = queries.firstPosition + query
        var weights: [(row: Int, score: Double)] = []
        for row in 0..<layer.tokens {
          let seen = layer.firstPosition + row
          guard seen <= position, layer.slidingWindow.map({ seen > position - $0 }) ?? true else { continue }
          var score = 0.0
          for d in 0..<layer.headDim {
            score +=
              Double(queries.elements[(head * queries.count + query) * layer.headDim + d])
              * Double(keys[(kv * layer.tokens + row) * layer.headDim + d])
          }
          score *= Double(problem.scale)
          if let cap = problem.softcap { score = Double(cap) * tanh(score / Double(cap)) }
          weights.append((row, score))
        }
        let most = weights.map(\.score).max() ?? 0
        let sum = weights.reduce(0) { $0 + exp($1.score - most) }
        for d in 0..<layer.headDim {
          result.append(
            weights.reduce(0) {
              $0 + exp($1.score - most) / sum * Double(values[(kv * layer.tokens + $1.row) * layer.headDim + d])
            })
        }
      }
    }
    return result
  }

  @Test(arguments: cases) func agreesWithADoubleLoop(of test: Case) throws {
    let problem = Self.problem(test)
    let keys = Self.numbers(test.layer.elementCount, seed: 2)
    let values = Self.numbers(test.layer.elementCount, seed: 3)
    let found = try ReferenceAttention.outputs(problem, keys: keys, values: values)
    let expected = Self.expected(problem, keys: keys, values: values)
    #expect(found.count == test.layer.queryHeads * test.queries * test.headDim)
    // |scores| ≤ 4√D, each off by at most (D + 2)·ε/2 of that (a cap adds 4ε·c, and lowers it), so probabilities by
    // twice as much plus (4√D + T/16 + 24)·ε of softmax itself (SoftmaxTests); outputs are averages of numbers ≤ 2,
    // whose sum adds T·ε/2.
    let d = Double(test.headDim)
    let probability = 8 * d.squareRoot() * (d + 2) / 2 + 8 * Double(test.softcap ?? 0) + 4 * d.squareRoot()
    let bound = 2 * (probability + Double(test.tokens) + 24) * 0x1p-23
    #expect(WorstError.between(found, expected) <= bound)
  }

  @Test func visibleRows() {
    func rows(_ test: Case) -> [Range<Int>] { (0..<test.queries).map(Self.problem(test).visibleRows) }
    #expect(rows(Case(tokens: 3, firstQuery: 0, queries: 4)) == [0..<1, 0..<2, 0..<3, 0..<3])
    #expect(rows(Case(tokens: 3, firstPosition: 2, firstQuery: 1, queries: 3)) == [0..<0, 0..<1, 0..<2])
    #expect(rows(Case(tokens: 9, window: 2, firstQuery: 0, queries: 4)) == [0..<1, 0..<2, 1..<3, 2..<4])
    #expect(
      rows(Case(tokens: 2, firstPosition: 5, window: 3, firstQuery: 6, queries: 4)) == [0..<2, 0..<2, 1..<2, 2..<2])
  }

  @Test func nothingToSeeGivesZeros() throws {
    let test = Case(tokens: 4, firstPosition: 20, firstQuery: 3, queries: 5)
    let numbers = Self.numbers(test.layer.elementCount, seed: 5)
    let found = try ReferenceAttention.outputs(Self.problem(test), keys: numbers, values: numbers)
    #expect(found.allSatisfy { $0 == 0 })
  }
}
