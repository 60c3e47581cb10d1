import ComputeKernels
import KVCacheModel
import SpectralTransform

extension FourierLayer {
  /// The outputs of a chunk's rows, (rows, D), from the sums over sinks and window and over parts of the middle.
  func finish(
    _ chunk: FourierChunk, edge: AttentionSums, middle: [(tiles: Range<Int>, sums: AttentionSums)]
  ) -> [Float] {
    let (d, rows) = (geometry.headDim, chunk.rows.count)
    let all = [edge] + middle.map(\.sums)
    var outputs = [Float](repeating: 0, count: rows * d)
    // Of each part and row: what its sums are multiplied by to give probabilities.
    var factor = all.map { _ in [Float](repeating: 0, count: rows) }
    for row in 0..<rows {
      let most = all.reduce(-Float.infinity) { max($0, $1.maximum[row]) }
      let weights = all.map { $0.weight(row, toward: most) }
      var total: Float = 0
      for (weight, sums) in zip(weights, all) { total += weight * sums.sum[row] }
      guard total != 0 else { continue }
      for part in all.indices { factor[part][row] = weights[part] / total }
      for i in 0..<d { outputs[row * d + i] = factor[0][row] * edge.output(feature: i, query: row) }
      for (place, i) in values.exact[chunk.head].enumerated() {
        for part in all.indices.dropFirst() {
          outputs[row * d + i] += factor[part][row] * all[part].output(feature: place, query: row)
        }
      }
    }
    let spectral = values.spectral[chunk.head]
    guard let grid, !spectral.isEmpty, !middle.isEmpty else { return outputs }
    let states = 2 * grid.spectrum.frequencies
    let projections = grid.project(
      spread(middle, factors: Array(factor.dropFirst()), grid: grid, chunk), rows: rows)
    let own = [Float](unsafeUninitializedCapacity: rows * spectral.count) { target, count in
      count = rows * spectral.count
      values.coefficients.withUnsafeBufferPointer { coefficients in
        projections.withUnsafeBufferPointer { projections in
          MatrixProduct.multiply(
            MatrixView(projections.baseAddress!, rows: rows, columns: states),
            by: MatrixView(
              coefficients.baseAddress! + values.columns[chunk.head].lowerBound, rows: states,
              columns: spectral.count, stride: values.count), into: target.baseAddress!)
        }
      }
    }
    for row in 0..<rows {
      for (place, i) in spectral.enumerated() { outputs[row * d + i] += own[row * spectral.count + place] }
    }
    return outputs
  }

  /// Probabilities of all parts of the middle on the grid's points, (rows, rowLength).
  private func spread(
    _ middle: [(tiles: Range<Int>, sums: AttentionSums)], factors: [[Float]], grid: SpectralGrid, _ chunk: FourierChunk
  ) -> [Float] {
    let (rows, length) = (chunk.rows.count, grid.rowLength)
    var result = [Float](repeating: 0, count: rows * length)
    for (part, factor) in zip(middle, factors) {
      guard grid.isInterpolated else {
        TokenOrder(tiles: part.tiles, rows: heads[chunk.head].middleKeys.rows, width: chunk.width).add(
          part.sums.scores, factors: factor, to: &result, period: length)
        continue
      }
      // A part touches the points of its own tiles and the taps after them.
      let touched =
        TokenTiles.lanes * part.tiles.lowerBound..<TokenTiles.lanes * part.tiles.upperBound + AttentionPass.taps - 1
      result.withUnsafeMutableBufferPointer { result in
        part.sums.spread.withUnsafeBufferPointer { spread in
          for row in 0..<rows {
            for i in row * length + touched.lowerBound..<row * length + touched.upperBound {
              result[i] += factor[row] * spread[i]
            }
          }
        }
      }
    }
    return result
  }
}
