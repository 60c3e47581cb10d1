import ComputeKernels
import Foundation
import TestSupport
import Testing

@Suite struct AttentionPassTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var features = (keys: 5, values: 6)
    var rows = 3
    var tokens = 200
    var queries = 4
    var element = TileElement.half
    var visible: [Range<Int>]?
    var softcap: Float?
    var grid = false
    var scores = false
    var testDescription: String {
      "\(features), R \(rows), T \(tokens), \(queries) queries, \(element), \(visible ?? []), cap \(softcap ?? 0), "
        + "grid \(grid), scores \(scores)"
    }
  }

  static let cases =
    TileElement.allCases.flatMap { element in
      [1, 4].flatMap { queries in
        [Case(queries: queries, element: element), Case(queries: queries, element: element, grid: true)]
      }
    }
    + (0...9).map { Case(features: (9 - $0, $0)) } + (1...9).map { Case(rows: $0, grid: true) } + [
      Case(features: (40, 3), rows: 16, tokens: 1000, scores: true), Case(queries: 1, scores: true),
      Case(visible: [0..<0, 3..<200, 0..<47, 48..<49]),
      Case(visible: [5..<5, 0..<1, 199..<200, 96..<144], scores: true),
      Case(visible: [5..<5, 0..<1, 199..<200, 96..<144], grid: true), Case(softcap: 2), Case(softcap: 2, grid: true),
      Case(tokens: 1, queries: 1), Case(tokens: 48), Case(tokens: 49), Case(tokens: 48 * 40, grid: true),
    ]

  /// Everything in `Double`, token by token.
  @Test(arguments: cases) func agreesWithADoubleLoop(of test: Case) {
    var generator = RepeatableGenerator(seed: 1)
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -2...2, using: &generator) } }
    func rounded(_ values: [Float]) -> [Float] {
      switch test.element {
      case .half: values.map { Float(Float16($0)) }
      case .bfloat: values.map { Float(bitPattern: UInt32(HalfPrecision.bfloat16($0)) << 16) }
      case .float: values
      }
    }
    // Later tokens score higher, so that the maximum rises on the way.
    let keyNumbers = rounded(
      (0..<test.tokens * test.features.keys).map {
        Float.random(in: -2...2, using: &generator) * Float($0 + 1) / Float(test.tokens * test.features.keys)
      })
    let valueNumbers = rounded(numbers(test.tokens * test.features.values))
    var keys = TokenTiles(.keys, features: test.features.keys, rows: test.rows, element: test.element)
    var values = TokenTiles(.values, features: test.features.values, rows: test.rows, element: test.element)
    for (numbers, count, path) in [
      (keyNumbers, test.features.keys, 0), (valueNumbers, test.features.values, 1),
    ] {
      let bytes: [UInt8] = numbers.flatMap { number -> [UInt8] in
        switch test.element {
        case .half: withUnsafeBytes(of: Float16(number).bitPattern) { Array($0) }
        case .bfloat: withUnsafeBytes(of: HalfPrecision.bfloat16(number)) { Array($0) }
        case .float: withUnsafeBytes(of: number) { Array($0) }
        }
      }
      bytes.withUnsafeBytes { raw in
        for f in 0..<count {
          let (source, stride) = (raw.baseAddress! + f * test.element.byteCount, count * test.element.byteCount)
          if path == 0 {
            keys.reserve(test.tokens)
            keys.store(source, stride: stride, count: test.tokens, at: 0, feature: f)
          } else {
            values.reserve(test.tokens)
            values.store(source, stride: stride, count: test.tokens, at: 0, feature: f)
          }
        }
      }
    }
    keys.reserve(test.tokens)
    values.reserve(test.tokens)
    let visible = test.visible ?? Array(repeating: 0..<test.tokens, count: test.queries)
    let queries = numbers(test.features.keys * test.queries)
    let tiles = keys.tiles(for: test.tokens)
    let stride = 16 * tiles + 7
    var pass = AttentionPass(keys: keys, values: values, queries: queries, visible: visible, softcap: test.softcap)
    if test.grid {
      pass.grid = AttentionPass.Grid(
        weights: numbers(test.rows * 8), points: numbers(test.queries * stride), stride: stride)
    }
    let order = { (t: Int, q: Int) in
      let (cell, row) = (t / test.rows, t % test.rows)
      return ((cell / 16 * test.rows + row) * test.queries + q) * 16 + cell % 16
    }
    let start = test.scores ? numbers(tiles * test.rows * test.queries * 16) : []
    let sums = AttentionSums(
      queries: test.queries, features: test.features.values, spread: test.grid ? test.queries * stride : 0,
      scores: start)
    let half = tiles / 2
    if test.scores {
      pass.run(tiles: 0..<tiles, into: sums)
    } else {
      pass.run(tiles: 0..<half, into: sums)
      pass.run(tiles: half..<tiles, into: sums)
    }

    for q in 0..<test.queries {
      let scores = visible[q].map { t -> Double in
        var score = test.scores ? Double(start[order(t, q)]) : 0
        for f in 0..<test.features.keys {
          score += Double(queries[f * test.queries + q]) * Double(keyNumbers[t * test.features.keys + f])
        }
        if let grid = pass.grid {
          for j in 0..<8 {
            score +=
              Double(grid.weights[t % test.rows * 8 + j]) * Double(grid.points[q * stride + t / test.rows + j])
          }
        }
        return test.softcap.map { Double($0) * tanh(score / Double($0)) } ?? score
      }
      guard let most = scores.max() else {
        #expect(sums.maximum[q] == -.infinity && sums.sum[q] == 0 && sums.weight(q, toward: 3) == 0)
        continue
      }
      // A score is a sum of F + 9 products ≤ 4, off by (F + 10)²·4·2⁻²⁴ at most; twice that, relatively, in a
      // probability, and (range/2 + n/16 + 24)·2⁻²³ of softmax; each of at most log₂ rises rounds once more.
      let f = Double(test.features.keys + 10)
      let unit = 2 * f * f * 4 * 0x1p-24 + (4 * f + Double(test.tokens) / 16 + 40) * 0x1p-23
      let weights = scores.map { exp($0 - most) }
      let total = weights.reduce(0, +)
      #expect(abs(Double(sums.maximum[q]) - most) <= unit)
      #expect(abs(Double(sums.sum[q]) - total) <= unit * total)
      for feature in 0..<test.features.values {
        let expected = zip(visible[q], weights).reduce(0.0) {
          $0 + $1.1 * Double(valueNumbers[$1.0 * test.features.values + feature])
        }
        #expect(abs(Double(sums.output(feature: feature, query: q)) - expected) <= 2 * unit * total)
      }
      if test.scores {
        for (t, weight) in zip(visible[q], weights) {
          #expect(abs(Double(sums.scores[order(t, q)]) - weight) <= unit)
        }
      }
      guard let grid = pass.grid else { continue }
      var spread = [Double](repeating: 0, count: stride)
      for (t, weight) in zip(visible[q], weights) {
        for j in 0..<8 { spread[t / test.rows + j] += Double(grid.weights[t % test.rows * 8 + j]) * weight }
      }
      for i in spread.indices {
        #expect(abs(Double(sums.spread[q * stride + i]) - spread[i]) <= 2 * unit * total)
      }
    }
  }
}
