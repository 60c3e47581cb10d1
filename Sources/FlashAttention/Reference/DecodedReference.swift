import CacheCodec
import ComputeKernels
import Fidelity
import KVCacheModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Attention over decoded keys and values in double precision, token by token: the plain definition.
///
///     oₕ,ₚ = Σₜ softmaxₜ(cap(scale · qₕ,ₚ · k̃_g,ₜ)) ṽ_g,ₜ        over the rows that query p sees
///
/// Nothing is rounded to the cache's types: k̃ and ṽ are the sums of cosines and sines themselves.
public enum DecodedReference {
  /// Rows that are decoded at a time.
  private static let tile = 512

  /// Attention outputs over what profile `fourier` keeps of a layer, (H·G, P, D).
  ///
  /// - Complexity: O(T·N·features) time, O(G·P·T) scratch a KV head.
  public static func outputs(_ problem: AttentionProblem, keys: FourierParts, values: FourierParts) -> [Double] {
    outputs(problem) { head in
      let (keys, values) = (FourierRows(keys, head: head), FourierRows(values, head: head))
      return ({ keys.doubles($0) }, { values.doubles($0) })
    }
  }

  /// Attention outputs over a cache in memory; `keys` and `values` are (H, T, D).
  public static func outputs(_ problem: AttentionProblem, keys: [Float], values: [Float]) -> [Double] {
    let (t, d) = (problem.layer.tokens, problem.layer.headDim)
    return outputs(problem) { head in
      func rows(_ numbers: [Float], _ range: Range<Int>) -> [Double] {
        numbers[(head * t + range.lowerBound) * d..<(head * t + range.upperBound) * d].map(Double.init)
      }
      return ({ rows(keys, $0) }, { rows(values, $0) })
    }
  }

  private static func outputs(
    _ problem: AttentionProblem,
    _ rows: @Sendable (Int) -> (keys: (Range<Int>) -> [Double], values: (Range<Int>) -> [Double])
  ) -> [Double] {
    // The body does not throw.
    try! ParallelLoop.map(problem.layer.kvHeads) { head in
      let (keys, values) = rows(head)
      return headOutputs(problem, head: head, keys: keys, values: values)
    }.flatMap { $0 }
  }

  private static func headOutputs(
    _ problem: AttentionProblem, head: Int, keys: (Range<Int>) -> [Double], values: (Range<Int>) -> [Double]
  ) -> [Double] {
    let (t, d, p) = (problem.layer.tokens, problem.layer.headDim, problem.queries.count)
    let rows = problem.layer.groupSize * p
    let queries = problem.queries.elements[head * rows * d..<(head + 1) * rows * d].map(Double.init)
    let tiles = stride(from: 0, to: t, by: tile).map { $0..<min($0 + tile, t) }
    var scores = [Double](repeating: -.infinity, count: rows * t)
    let visible = (0..<p).map { problem.visibleRows(query: $0) }
    for range in tiles {
      let products = MatrixProduct.multiply(queries, by: keys(range), transposeB: true, m: rows, k: d, n: range.count)
      for row in 0..<rows {
        for token in range where visible[row % p].contains(token) {
          let score = Double(problem.scale) * products[row * range.count + token - range.lowerBound]
          scores[row * t + token] = problem.softcap.map { Double($0) * tanh(score / Double($0)) } ?? score
        }
      }
    }
    for row in 0..<rows {
      let own = row * t..<(row + 1) * t
      let most = scores[own].max() ?? -.infinity
      var sum = 0.0
      for i in own {
        scores[i] = scores[i] == -.infinity ? 0 : exp(scores[i] - most)
        sum += scores[i]
      }
      if sum != 0 { for i in own { scores[i] /= sum } }
    }
    var result = [Double](repeating: 0, count: rows * d)
    for range in tiles {
      let own = (0..<rows).flatMap { scores[$0 * t + range.lowerBound..<$0 * t + range.upperBound] }
      let part = MatrixProduct.multiply(own, by: values(range), m: rows, k: range.count, n: d)
      for i in result.indices { result[i] += part[i] }
    }
    return result
  }
}
