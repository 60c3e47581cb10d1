import ComputeKernels
import Fidelity
import KVCacheModel
import SpectralTransform

extension FourierLayer {
  /// Attention outputs of queries over the layer; causal by position: a query sees the tokens at positions up to its own
  /// (within the layer's window, where it has one), as `ReferenceAttention` lets it.
  ///
  ///     score(t) = scale · (Σₙ [(q·aₙ) cos ωₙt + (q·bₙ) sin ωₙt] + q·k over exact features)
  ///     o        = Σₙ [aₙ Σₜ pₜ cos ωₙt + bₙ Σₜ pₜ sin ωₙt] and Σₜ pₜ vₜ over exact features
  ///
  /// - Shape: (H·G, P, D) of P queries. A query that sees nothing has the output 0.
  /// - Accuracy: scores are off by at most `SpectralGrid.windowError` · scale · Σₙ |q·aₙ| + |q·bₙ| besides rounding.
  /// - Complexity: O(G·P·(N·D + Q log Q) + T·(exact features + 16)·G·P) a KV head; scratch O(G·P·(Q + D)), or O(G·P·T)
  ///   where the period does not allow interpolation.
  public func outputs(_ queries: ProbeQueries) -> [Float] {
    let problem = AttentionProblem(layer: geometry, queries: queries, scale: scale, softcap: softcap)
    let rows = geometry.groupSize * queries.count
    let d = geometry.headDim
    guard rows > 0 else { return [] }
    let visible = (0..<queries.count).map { parts(of: problem.visibleRows(query: $0)) }
    let chunks = FourierChunk.all(rows: rows, heads: geometry.kvHeads)

    let prepared = concurrently(chunks.count) { prepare(chunks[$0], queries: queries, visible: visible) }
    let segments = middleSegments
    let items = chunks.indices.flatMap { chunk in segments.map { (chunk: chunk, tiles: $0) } }
    let sums = concurrently(chunks.count + items.count) { index in
      index < chunks.count
        ? edgeSums(prepared[index], chunks[index])
        : middleSums(
          prepared[items[index - chunks.count].chunk], chunks[items[index - chunks.count].chunk],
          tiles: items[index - chunks.count].tiles)
    }
    let finished = concurrently(chunks.count) { chunk in
      let own = items.indices.filter { items[$0].chunk == chunk }
      return finish(
        chunks[chunk], edge: sums[chunk], middle: own.map { (items[$0].tiles, sums[chunks.count + $0]) })
    }
    var result = [Float](repeating: 0, count: geometry.queryHeads * queries.count * d)
    for (chunk, outputs) in zip(chunks, finished) {
      let start = (chunk.head * rows + chunk.rows.lowerBound) * d
      result.replaceSubrange(start..<start + outputs.count, with: outputs)
    }
    return result
  }

  /// A visible range of the layer's rows as ranges of sinks, middle and window tokens, each in its own counting.
  private func parts(of rows: Range<Int>) -> [Range<Int>] {
    let middleEnd = sinks + middle
    let window = rows.clamped(to: middleEnd..<middleEnd + window)
    return [
      rows.clamped(to: 0..<sinks),
      rows.clamped(to: sinks..<middleEnd).shifted(by: -sinks),
      window.shifted(by: windowStart - middleEnd),
    ]
  }

  private func concurrently<Element: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Element) -> [Element] {
    // The body does not throw.
    try! ParallelLoop.map(count, body)
  }
}

extension Range<Int> {
  /// The range moved by `offset`.
  fileprivate func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}

/// Up to four query rows of a KV head: row g·P + p of the head's G·P.
struct FourierChunk: Sendable {
  let head: Int
  let rows: Range<Int>
  /// Rows that the kernel takes: 1 or 4; those beyond `rows` see nothing.
  var width: Int { rows.count == 1 ? 1 : AttentionPass.width }

  static func all(rows: Int, heads: Int) -> [FourierChunk] {
    (0..<heads).flatMap { head in
      stride(from: 0, to: rows, by: AttentionPass.width).map {
        FourierChunk(head: head, rows: $0..<min($0 + AttentionPass.width, rows))
      }
    }
  }
}
