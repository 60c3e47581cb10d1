import CKernels

/// Softmax attention of a few query rows over `TokenTiles`, one pass over keys and values: scores, probabilities and
/// sums tile by tile, with the largest score so far carried along.
public struct AttentionPass {
  /// Points of a grid that a score is interpolated from.
  public static let taps = Int(fkv_attend_taps)
  /// Query rows of a pass: this many, or 1.
  public static let width = Int(fkv_attend_queries)

  /// Scores that are interpolated from a coarse grid, added to the products of features; probabilities are spread onto a
  /// grid the same way:
  ///
  ///     score(t) += Σⱼ weights[t mod R, j]·grid[⌊t/R⌋ + j]      spread[⌊t/R⌋ + j] += weights[t mod R, j]·p(t)
  public struct Grid {
    /// (R, taps).
    public var weights: [Float]
    /// (queries, stride).
    public var points: [Float]
    /// At least `taps` − 1 more than the cells of all tiles.
    public var stride: Int

    public init(weights: [Float], points: [Float], stride: Int) {
      self.weights = weights
      self.points = points
      self.stride = stride
    }
  }

  public var keys: TokenTiles
  public var values: TokenTiles
  /// (key features, queries), scaled.
  public var queries: [Float]
  /// Which tokens each query sees; 1 or 4 of them. Queries beyond those of interest may see none.
  public var visible: [Range<Int>]
  /// c of c·tanh(score/c).
  public var softcap: Float?
  public var grid: Grid?

  /// - Precondition: keys and values have the same R and element type; 1 or 4 queries.
  public init(
    keys: TokenTiles, values: TokenTiles, queries: [Float], visible: [Range<Int>], softcap: Float? = nil,
    grid: Grid? = nil
  ) {
    precondition(keys.order == .keys && values.order == .values)
    precondition(keys.rows == values.rows && keys.element == values.element)
    precondition(visible.count == 1 || visible.count == Self.width)
    precondition(queries.count == keys.features * visible.count)
    self.keys = keys
    self.values = values
    self.queries = queries
    self.visible = visible
    self.softcap = softcap
    self.grid = grid
  }

  /// Adds tiles to `sums`.
  ///
  /// - Accuracy: of a product of F features, F·2⁻²⁴ of Σ|qk|; of a probability, as `Softmax`.
  /// - Edge cases: a NaN or +∞ among the scores makes a query's sums NaN.
  public func run(tiles: Range<Int>, into sums: AttentionSums) {
    let count = visible.count
    precondition(tiles.upperBound <= keys.tiles && tiles.upperBound <= values.tiles && tiles.lowerBound >= 0)
    precondition(sums.queries == count && sums.features == values.features)
    guard !tiles.isEmpty else { return }
    if let grid {
      precondition(grid.weights.count == keys.rows * Self.taps && grid.points.count == count * grid.stride)
      precondition(grid.stride >= TokenTiles.lanes * tiles.upperBound + Self.taps - 1)
      precondition(sums.spread.count == grid.points.count)
    }
    let rowNumbers = keys.rows * count * TokenTiles.lanes
    precondition(sums.scores.isEmpty || sums.scores.count == tiles.count * rowNumbers)
    let hasScores = !sums.scores.isEmpty
    let starts = visible.map(\.lowerBound)
    let ends = visible.map(\.upperBound)
    var scratch = [Float](repeating: 0, count: hasScores ? 0 : rowNumbers)
    keys.withBytes { keyBytes in
      values.withBytes { valueBytes in
        sums.withPointers { outputs, maximum, sum, spread, scores in
          queries.withUnsafeBufferPointer { queries in
            (grid?.weights ?? []).withUnsafeBufferPointer { weights in
              (grid?.points ?? []).withUnsafeBufferPointer { points in
                scratch.withUnsafeMutableBufferPointer { scratch in
                  var pass = fkv_attend_pass()
                  pass.type = Int32(keys.element.rawValue)
                  pass.query_count = count
                  pass.rows = keys.rows
                  pass.key_features = keys.features
                  pass.value_features = values.features
                  pass.keys = keyBytes
                  pass.values = valueBytes
                  pass.queries = queries.baseAddress
                  pass.weights = grid == nil ? nil : weights.baseAddress
                  pass.grid = grid == nil ? nil : points.baseAddress
                  pass.spread = grid == nil ? nil : spread
                  pass.grid_stride = grid?.stride ?? 0
                  pass.scores = hasScores ? scores : nil
                  pass.first_tile = tiles.lowerBound
                  pass.end_tile = tiles.upperBound
                  pass.cap = softcap ?? 0
                  pass.scratch = scratch.baseAddress
                  pass.outputs = outputs
                  pass.maximum = maximum
                  pass.sum = sum
                  starts.withUnsafeBufferPointer { starts in
                    ends.withUnsafeBufferPointer { ends in
                      pass.first = starts.baseAddress
                      pass.end = ends.baseAddress
                      fkv_attend(&pass)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
