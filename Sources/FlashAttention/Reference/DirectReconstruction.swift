import CacheCodec
import ComputeKernels
import Fidelity
import KVCacheModel

/// Attention that rebuilds keys and values of the middle row by row, T·N·D work for each, as FourierAttention's released
/// kernel does (arXiv 2506.11886): cosines are made on the fly. Unlike there, query heads that share a KV head share
/// its rows.
public enum DirectReconstruction {
  private static let tile = 256

  /// Attention outputs, (H·G, P, D), in single precision.
  ///
  /// - Complexity: O(T·N·features) time, O(G·P·T) scratch a KV head.
  public static func outputs(_ problem: AttentionProblem, keys: FourierParts, values: FourierParts) -> [Float] {
    // The body does not throw.
    try! ParallelLoop.map(problem.layer.kvHeads) { head in
      headOutputs(
        problem, head: head, keys: FourierRows(keys, head: head), values: FourierRows(values, head: head))
    }.flatMap { $0 }
  }

  private static func headOutputs(
    _ problem: AttentionProblem, head: Int, keys: FourierRows, values: FourierRows
  ) -> [Float] {
    let (t, d, p) = (problem.layer.tokens, problem.layer.headDim, problem.queries.count)
    let rows = problem.layer.groupSize * p
    var result = [Float](repeating: 0, count: rows * d)
    guard t > 0, rows > 0 else { return result }
    let queries = Array(problem.queries.elements[head * rows * d..<(head + 1) * rows * d])
    let tiles = stride(from: 0, to: t, by: tile).map { $0..<min($0 + tile, t) }
    var scores = [Float](repeating: 0, count: rows * t)
    scores.withUnsafeMutableBufferPointer { scores in
      for range in tiles {
        let rebuilt = keys.floats(range)
        MatrixProduct.multiply(
          MatrixView(queries, rows: rows, columns: d), by: MatrixView(rebuilt, rows: range.count, columns: d),
          transposeB: true, into: scores.baseAddress! + range.lowerBound, targetStride: t, scale: problem.scale)
      }
      for row in 0..<rows {
        Softmax.apply(
          UnsafeMutableBufferPointer(rebasing: scores[row * t..<(row + 1) * t]),
          over: problem.visibleRows(query: row % p), softcap: problem.softcap)
      }
      for range in tiles {
        let rebuilt = values.floats(range)
        MatrixProduct.multiply(
          MatrixView(scores.baseAddress! + range.lowerBound, rows: rows, columns: range.count, stride: t),
          by: MatrixView(rebuilt, rows: range.count, columns: d), into: &result, accumulate: true)
      }
    }
    return result
  }
}
