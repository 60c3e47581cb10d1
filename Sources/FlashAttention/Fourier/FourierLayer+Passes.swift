import ComputeKernels
import KVCacheModel
import SpectralTransform

extension FourierLayer {
  /// A chunk's queries, ready for passes over tokens.
  struct Prepared: Sendable {
    /// (features, width), scaled: all elements, and those that are exact over the middle.
    var whole: [Float]
    var exact: [Float]
    /// (width, rowLength) grid points, or scores of all P tokens of the period where nothing is interpolated; empty
    /// where no key is spectral.
    var points: [Float]
    /// For each row of the chunk: sinks, middle and window tokens that it sees.
    var visible: [[Range<Int>]]

    func visible(part: Int, width: Int) -> [Range<Int>] {
      visible.map { $0[part] } + Array(repeating: 0..<0, count: width - visible.count)
    }
  }

  /// Splits queries into exact and spectral elements and projects the latter on the coefficients.
  func prepare(_ chunk: FourierChunk, queries: ProbeQueries, visible: [[Range<Int>]]) -> Prepared {
    let (d, width, count) = (geometry.headDim, chunk.width, chunk.rows.count)
    let start = (chunk.head * geometry.groupSize * queries.count + chunk.rows.lowerBound) * d
    let scaled = queries.elements[start..<start + count * d].map { $0 * scale }
    func features(_ elements: [Int]) -> [Float] {
      elements.flatMap { i in (0..<width).map { $0 < count ? scaled[$0 * d + i] : 0 } }
    }
    var points: [Float] = []
    let spectral = keys.spectral[chunk.head]
    if let grid, !spectral.isEmpty {
      let own = (0..<count).flatMap { row in spectral.map { scaled[row * d + $0] } }
      let states = 2 * grid.spectrum.frequencies
      var projections = [Float](repeating: 0, count: width * states)
      keys.coefficients.withUnsafeBufferPointer { coefficients in
        MatrixProduct.multiply(
          MatrixView(own, rows: count, columns: spectral.count),
          by: MatrixView(
            coefficients.baseAddress! + keys.columns[chunk.head].lowerBound, rows: states, columns: spectral.count,
            stride: keys.count), transposeB: true, into: &projections)
      }
      points = grid.expand(projections, rows: width)
    } else if let grid, grid.isInterpolated {
      points = [Float](repeating: 0, count: width * grid.rowLength)
    }
    return Prepared(
      whole: features(Array(0..<d)), exact: features(keys.exact[chunk.head]), points: points,
      visible: chunk.rows.map { visible[$0 % queries.count] })
  }

  /// Tiles of the middle that are gone through together: near 16384 tokens, so that results do not depend on how many
  /// threads there are.
  var middleSegments: [Range<Int>] {
    let tiles = heads[0].middleKeys.tiles(for: middle)
    let most = max(1, 16_384 / heads[0].middleKeys.tileTokens)
    return stride(from: 0, to: tiles, by: most).map { $0..<min($0 + most, tiles) }
  }

  /// Sums over sinks and window.
  func edgeSums(_ prepared: Prepared, _ chunk: FourierChunk) -> AttentionSums {
    let head = heads[chunk.head]
    let sums = AttentionSums(queries: chunk.width, features: geometry.headDim)
    for (keys, values, part, count) in [
      (head.sinkKeys, head.sinkValues, 0, sinks), (head.windowKeys, head.windowValues, 2, windowStart + window),
    ] {
      AttentionPass(
        keys: keys, values: values, queries: prepared.whole,
        visible: prepared.visible(part: part, width: chunk.width), softcap: softcap
      ).run(tiles: 0..<keys.tiles(for: count), into: sums)
    }
    return sums
  }

  /// Sums over some tiles of the middle.
  func middleSums(_ prepared: Prepared, _ chunk: FourierChunk, tiles: Range<Int>) -> AttentionSums {
    let head = heads[chunk.head]
    var pass = AttentionPass(
      keys: head.middleKeys, values: head.middleValues, queries: prepared.exact,
      visible: prepared.visible(part: 1, width: chunk.width), softcap: softcap)
    var sums = AttentionSums(queries: chunk.width, features: head.middleValues.features)
    if let grid, grid.isInterpolated {
      pass.grid = AttentionPass.Grid(weights: grid.weights, points: prepared.points, stride: grid.rowLength)
      sums = AttentionSums(
        queries: chunk.width, features: head.middleValues.features, spread: prepared.points.count)
    } else if let grid {
      let order = TokenOrder(tiles: tiles, rows: head.middleKeys.rows, width: chunk.width)
      sums = AttentionSums(
        queries: chunk.width, features: head.middleValues.features,
        scores: order.scores(prepared.points, period: grid.points))
    }
    pass.run(tiles: tiles, into: sums)
    return sums
  }
}

/// Where token t of query q stands among the scores of some tiles: [tile][row][query][lane].
struct TokenOrder {
  let tiles: Range<Int>
  let rows: Int
  let width: Int

  /// Calls `body` with each token and the index of query 0's score of it; query q's is q·16 further.
  private func forEach(_ body: (_ token: Int, _ index: Int) -> Void) {
    let lanes = TokenTiles.lanes
    for tile in tiles {
      for row in 0..<rows {
        let index = ((tile - tiles.lowerBound) * rows + row) * width * lanes
        for lane in 0..<lanes { body((tile * lanes + lane) * rows + row, index + lane) }
      }
    }
  }

  /// Scores (width, period) in the order of tiles; 0 beyond the period or where there are none.
  func scores(_ points: [Float], period: Int) -> [Float] {
    var scores = [Float](repeating: 0, count: tiles.count * rows * width * TokenTiles.lanes)
    guard !points.isEmpty else { return scores }
    forEach { token, index in
      guard token < period else { return }
      for q in 0..<width { scores[index + q * TokenTiles.lanes] = points[q * period + token] }
    }
    return scores
  }

  /// Adds factor[q] · score to (width, period) probabilities.
  func add(_ scores: [Float], factors: [Float], to probabilities: inout [Float], period: Int) {
    forEach { token, index in
      guard token < period else { return }
      for q in factors.indices {
        probabilities[q * period + token] += factors[q] * scores[index + q * TokenTiles.lanes]
      }
    }
  }
}
