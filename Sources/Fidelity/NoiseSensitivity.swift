import ComputeKernels
import KVCacheModel

/// How much the attention output of a layer suffers from small independent errors of its keys and values.
///
/// If every element of the keys (or values) of token t has an error of variance σ²·m_t², independent of all others, the
/// attention-output error of a query head is, to first order,
///
///     e_V² = σ²·D·Σₚ Σₜ (pₜmₜ)² / Σₚ ‖o‖²
///     e_K² = σ²·scale²·Σₚ ‖q‖² Σₜ (pₜmₜ)²·‖vₜ − o‖² / Σₚ ‖o‖²
///
/// with probabilities pₜ and outputs o of probe query p. `keys` and `values` are e/σ, the root mean square over the G
/// query heads of each KV head.
public struct NoiseSensitivity: Hashable, Sendable {
  /// e_K/σ, one a KV head.
  public var keys: [Float]
  /// e_V/σ, one a KV head.
  public var values: [Float]

  public init(keys: [Float], values: [Float]) {
    self.keys = keys
    self.values = values
  }

  /// Measures a layer; `keys` and `values` are (H, T, D), `profile` is mₜ, one a row.
  public init(_ problem: AttentionProblem, keys: [Float], values: [Float], profile: [Float]) throws {
    precondition(profile.count == problem.layer.tokens && keys.count == problem.layer.elementCount)
    let heads = try ParallelLoop.map(problem.layer.kvHeads) { head in
      Self.head(problem, head, keys: keys, values: values, profile: profile)
    }
    self.keys = heads.map(\.key)
    self.values = heads.map(\.value)
  }

  private static func head(
    _ problem: AttentionProblem, _ head: Int, keys: [Float], values: [Float], profile: [Float]
  ) -> (key: Float, value: Float) {
    let (g, p, d) = (problem.layer.groupSize, problem.queries.count, problem.layer.headDim)
    let t = problem.layer.tokens
    guard t > 0, p > 0 else { return (0, 0) }
    var scores = [Float](repeating: 0, count: g * p * t)
    var outputs = [Float](repeating: 0, count: g * p * d)
    var squared = outputs
    var (keyEnergy, valueEnergy) = ([Double](repeating: 0, count: g), [Double](repeating: 0, count: g))
    var outputEnergy = keyEnergy
    keys.withUnsafeBufferPointer { keys in
      values.withUnsafeBufferPointer { values in
        let k = keys.baseAddress! + head * t * d
        let v = values.baseAddress! + head * t * d
        let norms = (0..<t).map { row in (0..<d).reduce(Float(0)) { $0 + v[row * d + $1] * v[row * d + $1] } }
        let queries = Array(problem.queries.elements[head * g * p * d..<(head + 1) * g * p * d])
        MatrixProduct.multiply(
          MatrixView(queries, rows: g * p, columns: d), by: MatrixView(k, rows: t, columns: d), transposeB: true,
          into: &scores, scale: problem.scale)
        scores.withUnsafeMutableBufferPointer { scores in
          for row in 0..<g * p {
            Softmax.apply(
              UnsafeMutableBufferPointer(rebasing: scores[row * t..<(row + 1) * t]),
              over: problem.visibleRows(query: row % p), softcap: problem.softcap)
          }
        }
        MatrixProduct.multiply(
          MatrixView(scores, rows: g * p, columns: t), by: MatrixView(v, rows: t, columns: d), into: &outputs)
        scores.withUnsafeMutableBufferPointer { scores in
          for row in 0..<g * p {
            let own = scores.baseAddress! + row * t
            for i in 0..<t {
              let weighted = own[i] * profile[i]
              own[i] = weighted * weighted
            }
          }
        }
        MatrixProduct.multiply(
          MatrixView(scores, rows: g * p, columns: t), by: MatrixView(v, rows: t, columns: d), into: &squared)
        for row in 0..<g * p {
          var (mass, energy): (Float, Float) = (0, 0)
          for i in 0..<t {
            mass += scores[row * t + i]
            energy += scores[row * t + i] * norms[i]
          }
          var (cross, output, query): (Float, Float, Float) = (0, 0, 0)
          for i in 0..<d {
            let o = outputs[row * d + i]
            cross += o * squared[row * d + i]
            output += o * o
            query += queries[row * d + i] * queries[row * d + i]
          }
          let spread = max(energy - 2 * cross + output * mass, 0)
          keyEnergy[row / p] += Double(problem.scale * problem.scale * query * spread)
          valueEnergy[row / p] += Double(Float(d) * mass)
          outputEnergy[row / p] += Double(output)
        }
      }
    }
    func rms(_ energy: [Double]) -> Float {
      let sum = zip(energy, outputEnergy).reduce(0.0) { $0 + ($1.1 > 0 ? $1.0 / $1.1 : 0) }
      return Float((sum / Double(g)).squareRoot())
    }
    return (rms(keyEnergy), rms(valueEnergy))
  }
}
