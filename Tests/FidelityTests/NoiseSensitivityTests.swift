import Fidelity
import Foundation
import KVCacheModel
import TestSupport
import Testing

@Suite struct NoiseSensitivityTests {
  private struct Setup {
    let problem: AttentionProblem
    let keys: [Float]
    let values: [Float]
    let profile: [Float]
  }

  private static func setup(
    heads: Int = 2, group: Int = 2, tokens: Int = 24, dims: Int = 6, probe: Int = 5, window: Int? = nil,
    softcap: Float? = nil, graded: Bool = false
  ) -> Setup {
    let layer = LayerGeometry(
      kvHeads: heads, queryHeads: heads * group, headDim: dims, tokens: tokens, slidingWindow: window)
    var generator = RepeatableGenerator(seed: UInt64(heads + tokens))
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in generator.normal() } }
    let queries = ProbeQueries(
      heads: layer.queryHeads, count: probe, headDim: dims, firstPosition: tokens - probe,
      elements: numbers(layer.queryHeads * probe * dims))
    return Setup(
      problem: AttentionProblem(layer: layer, queries: queries, scale: 0.6, softcap: softcap),
      keys: numbers(layer.elementCount), values: numbers(layer.elementCount),
      profile: (0..<tokens).map { graded ? [0, 0.25, 1, 2][$0 % 4] : 1 })
  }

  /// The formula of the type's text in Double: (e_K/σ, e_V/σ) of a KV head, and how much of the spread's terms cancels.
  private static func expected(_ s: Setup, head: Int) -> (key: Double, value: Double, cancelled: Double) {
    let layer = s.problem.layer
    let (p, d, t) = (s.problem.queries.count, layer.headDim, layer.tokens)
    var (keySum, valueSum, cancelled) = (0.0, 0.0, 1.0)
    for g in 0..<layer.groupSize {
      var (keyEnergy, valueEnergy, outputEnergy) = (0.0, 0.0, 0.0)
      for query in 0..<p {
        let q = (0..<d).map { Double(s.problem.queries.elements[((head * layer.groupSize + g) * p + query) * d + $0]) }
        func row(_ x: [Float], _ r: Int) -> [Double] { (0..<d).map { Double(x[(head * t + r) * d + $0]) } }
        let seen = s.problem.visibleRows(query: query)
        var weights = [Double](repeating: 0, count: t)
        for r in seen {
          let score = Double(s.problem.scale) * zip(q, row(s.keys, r)).reduce(0) { $0 + $1.0 * $1.1 }
          weights[r] = exp(s.problem.softcap.map { Double($0) * tanh(score / Double($0)) } ?? score)
        }
        let sum = weights.reduce(0, +)
        weights = weights.map { $0 / sum }
        var o = [Double](repeating: 0, count: d)
        for r in seen { for i in 0..<d { o[i] += weights[r] * row(s.values, r)[i] } }
        let q2 = q.reduce(0) { $0 + $1 * $1 }
        let scale2 = Double(s.problem.scale) * Double(s.problem.scale)
        var (spread, energy) = (0.0, 0.0)
        for r in seen {
          let pm = weights[r] * Double(s.profile[r])
          let v = row(s.values, r)
          valueEnergy += Double(d) * pm * pm
          spread += pm * pm * zip(v, o).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
          energy += pm * pm * (v.reduce(0) { $0 + $1 * $1 } + o.reduce(0) { $0 + $1 * $1 })
        }
        keyEnergy += scale2 * q2 * spread
        if spread > 0 { cancelled = max(cancelled, energy / spread) }
        outputEnergy += o.reduce(0) { $0 + $1 * $1 }
      }
      keySum += keyEnergy / outputEnergy
      valueSum += valueEnergy / outputEnergy
    }
    let groups = Double(layer.groupSize)
    return ((keySum / groups).squareRoot(), (valueSum / groups).squareRoot(), cancelled)
  }

  @Test func theFormulaInDouble() throws {
    for s in [
      Self.setup(), Self.setup(graded: true), Self.setup(heads: 1, group: 3, tokens: 9, dims: 1, window: 4),
      Self.setup(tokens: 5, probe: 5), Self.setup(heads: 3, group: 1, tokens: 40, dims: 16, window: 12, graded: true),
    ] {
      let found = try NoiseSensitivity(s.problem, keys: s.keys, values: s.values, profile: s.profile)
      let (d, t) = (s.problem.layer.headDim, s.problem.layer.tokens)
      // Magnitudes of scores: all numbers are below 6. A score is off by (D + 2)·2⁻²⁴ of that, a probability by twice as
      // much of itself, its square by four times; sums add T + D units; the spread's three terms cancel in part.
      let score = Double(s.problem.scale) * 36 * Double(d)
      let relative = (4 * score * Double(d + 2) + Double(2 * (t + d) + 16)) * 0x1p-24
      for head in 0..<s.problem.layer.kvHeads {
        let expected = Self.expected(s, head: head)
        #expect(abs(Double(found.values[head]) - expected.value) <= relative * expected.value)
        #expect(abs(Double(found.keys[head]) - expected.key) <= relative * expected.cancelled * expected.key)
        #expect(expected.key > 0)
      }
    }
  }

  /// Noise is put on keys, or values, and the error that attention suffers is measured: its mean square over 300 draws
  /// lies within five of its standard errors (and 1 % for terms of second order) of what the formula predicts.
  @Test(arguments: [CacheKind.key, .value]) func theFormulaPredictsMeasuredErrors(kind: CacheKind) throws {
    let (sigma, draws) = (Float(2e-3), 300)
    let s = Self.setup(graded: true)
    let (d, t) = (s.problem.layer.headDim, s.problem.layer.tokens)
    let predicted = try NoiseSensitivity(s.problem, keys: s.keys, values: s.values, profile: s.profile)
    let reference = try ReferenceAttention.outputs(s.problem, keys: s.keys, values: s.values)
    var generator = RepeatableGenerator(seed: 77)
    var squares = [[Double]](repeating: [], count: 2)
    for _ in 0..<draws {
      func noisy(_ x: [Float]) -> [Float] {
        x.indices.map { x[$0] + sigma * s.profile[$0 / d % t] * generator.normal() }
      }
      let outputs = try ReferenceAttention.outputs(
        s.problem, keys: kind == .key ? noisy(s.keys) : s.keys, values: kind == .value ? noisy(s.values) : s.values)
      let errors = AttentionErrors.ofHeads(reference: reference, restored: outputs, heads: 4)
      for head in 0..<2 { squares[head].append((pow(errors[2 * head], 2) + pow(errors[2 * head + 1], 2)) / 2) }
    }
    for head in 0..<2 {
      let mean = squares[head].reduce(0, +) / Double(draws)
      let variance = squares[head].reduce(0) { $0 + pow($1 - mean, 2) } / Double(draws - 1)
      let expected = pow(Double(sigma * (kind == .key ? predicted.keys : predicted.values)[head]), 2)
      let tolerance = 5 * (variance / Double(draws)).squareRoot() + 0.01 * expected
      #expect(abs(mean - expected) <= tolerance, "\(mean) measured, \(expected) predicted")
      #expect(tolerance < 0.4 * expected)
    }
  }

  @Test func exactTokensCostNothing() throws {
    let s = Self.setup()
    let found = try NoiseSensitivity(
      s.problem, keys: s.keys, values: s.values, profile: Array(repeating: 0, count: s.profile.count))
    #expect(found == NoiseSensitivity(keys: [0, 0], values: [0, 0]))
  }

  @Test func withoutTokensThereIsNothingToSuffer() throws {
    let layer = LayerGeometry(kvHeads: 2, queryHeads: 2, headDim: 1, tokens: 0)
    let queries = ProbeQueries(heads: 2, count: 1, headDim: 1, firstPosition: 0, elements: [1, 1])
    let found = try NoiseSensitivity(
      AttentionProblem(layer: layer, queries: queries, scale: 1), keys: [], values: [], profile: [])
    #expect(found == NoiseSensitivity(keys: [0, 0], values: [0, 0]))
  }
}
