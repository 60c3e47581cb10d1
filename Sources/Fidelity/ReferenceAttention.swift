import ComputeKernels
import KVCacheModel

/// Causal softmax attention in single precision: the yardstick of every error that fkv reports.
///
///     oₕ,ₚ = Σₜ softmaxₜ(scale · qₕ,ₚ · k_g,ₜ) v_g,ₜ        g = ⌊h/G⌋, t over the rows that query p sees
///
/// A query that sees no row has the output 0.
///
/// Scores and sums go through OpenBLAS in `Float`; `Fidelity`'s tests check them against a `Double` loop.
public enum ReferenceAttention {
  /// Attention outputs of all query heads of one KV head.
  ///
  /// - Shape: `keys` and `values` are (T, D) of KV head `kvHead`; the result is (G, P, D).
  /// - Complexity: O(G·P·T·D) time, O(G·P·T) scratch.
  public static func outputs(
    _ problem: AttentionProblem, kvHead: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>
  ) -> [Float] {
    let (g, p, d) = (problem.layer.groupSize, problem.queries.count, problem.layer.headDim)
    let t = problem.layer.tokens
    var result = [Float](repeating: 0, count: g * p * d)
    guard t > 0, p > 0 else { return result }
    var scores = [Float](unsafeUninitializedCapacity: g * p * t) { _, count in count = g * p * t }
    problem.queries.elements.withUnsafeBufferPointer { queries in
      scores.withUnsafeMutableBufferPointer { scores in
        MatrixProduct.multiply(
          MatrixView(queries.baseAddress! + kvHead * g * p * d, rows: g * p, columns: d),
          by: MatrixView(keys, rows: t, columns: d), transposeB: true, into: scores.baseAddress!, scale: problem.scale)
        for row in 0..<g * p {
          let one = UnsafeMutableBufferPointer(rebasing: scores[row * t..<(row + 1) * t])
          applySoftmax(one, problem, query: row % p)
        }
        result.withUnsafeMutableBufferPointer {
          MatrixProduct.multiply(
            MatrixView(scores.baseAddress!, rows: g * p, columns: t), by: MatrixView(values, rows: t, columns: d),
            into: $0.baseAddress!)
        }
      }
    }
    return result
  }

  /// Probabilities over the rows that a query sees; 0 elsewhere.
  private static func applySoftmax(_ row: UnsafeMutableBufferPointer<Float>, _ problem: AttentionProblem, query: Int) {
    let seen = problem.visibleRows(query: query)
    let dropped = problem.droppedRows.clamped(to: seen)
    guard !dropped.isEmpty else {
      Softmax.apply(row, over: seen, softcap: problem.softcap)
      return
    }
    // The seen rows after the dropped ones move up to those before them, and back afterwards.
    let tail = seen.upperBound - dropped.upperBound
    let kept = seen.lowerBound..<seen.upperBound - dropped.count
    let base = row.baseAddress!
    (base + dropped.lowerBound).update(from: base + dropped.upperBound, count: tail)
    Softmax.apply(row, over: kept, softcap: problem.softcap)
    for i in (0..<tail).reversed() { base[dropped.upperBound + i] = base[dropped.lowerBound + i] }
    (base + dropped.lowerBound).update(repeating: 0, count: dropped.count)
  }

  /// Attention outputs of a whole layer, KV heads in parallel.
  ///
  /// - Shape: `keys` and `values` are (H, T, D); the result is (H·G, P, D).
  public static func outputs(_ problem: AttentionProblem, keys: [Float], values: [Float]) throws -> [Float] {
    let size = problem.layer.tokens * problem.layer.headDim
    precondition(keys.count == problem.layer.elementCount && values.count == keys.count)
    return try ParallelLoop.map(problem.layer.kvHeads) { head in
      keys.withUnsafeBufferPointer { keys in
        values.withUnsafeBufferPointer { values in
          guard size > 0 else {
            return [Float](repeating: 0, count: problem.layer.groupSize * problem.queries.count * problem.layer.headDim)
          }
          return outputs(
            problem, kvHead: head, keys: keys.baseAddress! + head * size, values: values.baseAddress! + head * size)
        }
      }
    }.flatMap { $0 }
  }
}

extension ReferenceAttention {
  /// The attention that each cached row gets: its probability, averaged over query heads and probe queries; T numbers.
  public static func meanAttention(_ problem: AttentionProblem, keys: [Float]) throws -> [Float] {
    let (g, p, d, t) = (
      problem.layer.groupSize, problem.queries.count, problem.layer.headDim, problem.layer.tokens
    )
    let heads = try ParallelLoop.map(problem.layer.kvHeads) { head -> [Float] in
      var scores = [Float](repeating: 0, count: g * p * t)
      var sums = [Float](repeating: 0, count: t)
      guard t > 0, p > 0 else { return sums }
      let queries = Array(problem.queries.elements[head * g * p * d..<(head + 1) * g * p * d])
      let own = Array(keys[head * t * d..<(head + 1) * t * d])
      MatrixProduct.multiply(
        MatrixView(queries, rows: g * p, columns: d), by: MatrixView(own, rows: t, columns: d), transposeB: true,
        into: &scores, scale: problem.scale)
      scores.withUnsafeMutableBufferPointer { scores in
        for row in 0..<g * p {
          let one = UnsafeMutableBufferPointer(rebasing: scores[row * t..<(row + 1) * t])
          Softmax.apply(one, over: problem.visibleRows(query: row % p), softcap: problem.softcap)
          for i in 0..<t { sums[i] += one[i] }
        }
      }
      return sums
    }
    let count = Float(max(problem.layer.queryHeads * p, 1))
    return (0..<t).map { row in heads.reduce(Float(0)) { $0 + $1[row] } / count }
  }
}
