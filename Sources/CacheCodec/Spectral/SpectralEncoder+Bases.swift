import ComputeKernels
import KVCacheModel
import SpectralTransform

extension SpectralEncoder {
  /// Samples and components of a group's keys or values.
  static func prepare(
    _ kind: CacheKind, group: LayerGroup, tensors: [CacheTensor], plan: SegmentPlan, rotation: KeyRotation?,
    weights: [Float], basis: BasisSource, part: ModelBasis.Part?
  ) throws -> (samples: GroupSamples, components: ComponentBasis) {
    let n = group.features
    let plain = GroupSamples(
      group: group, weights: Array(repeating: 1, count: weights.count), mean: Array(repeating: 0, count: n),
      rotation: rotation)
    let moments = FeatureMoments(plain, tensors: tensors, plan: plan, covariance: basis == .embedded)
    guard moments.mean.allSatisfy(\.isFinite) else {
      throw CodecError.unsuitable(
        "layers \(group.layers) hold a NaN or infinity among their \(kind.name)s; only profile lossless takes those")
    }
    // Means are stored in half precision, so that is what is subtracted.
    let mean = HalfPrecision.widen(HalfPrecision.narrow(moments.mean.map { min(max($0, -60_000), 60_000) }))
    let samples = GroupSamples(group: group, weights: weights, mean: mean, rotation: rotation)
    switch basis {
    case .none:
      return (samples, ComponentBasis(vectors: identity(n), deviations: [], quantised: nil))
    case .model:
      guard let part else { throw CodecError.unsuitable("no basis file was given") }
      let vectors = part.basis.vectors()
      return (
        samples,
        ComponentBasis(
          vectors: vectors, deviations: deviations(of: samples, tensors: tensors, plan: plan, vectors: vectors),
          quantised: part.basis)
      )
    case .embedded:
      let covariance = moments.weightedCovariance(weights, headDim: group.shape.headDim)
      guard let eigen = SymmetricEigen(upperTriangle: covariance, count: n) else {
        throw CodecError.unsuitable(
          "layers \(group.layers) hold a NaN or infinity among their \(kind.name)s; only profile lossless takes those")
      }
      return (
        samples,
        ComponentBasis(
          vectors: eigen.vectors, deviations: eigen.values.map { max($0, 0).squareRoot() }, quantised: nil)
      )
    }
  }

  /// Standard deviations of the components over a part of the tokens: one stretch of 16 in every so many, about `2n` in
  /// all, which is enough to tell what a step leaves of them.
  private static func deviations(
    of samples: GroupSamples, tensors: [CacheTensor], plan: SegmentPlan, vectors: [Float]
  ) -> [Float] {
    let n = samples.group.features
    let rows = plan.segments.flatMap { segment in
      stride(from: segment.rows.lowerBound, to: segment.rows.upperBound, by: 16).map {
        $0..<min($0 + 16, segment.rows.upperBound)
      }
    }
    let every = max(1, 16 * rows.count / max(2 * n, 16))
    var energies = [Double](repeating: 0, count: n)
    var counted = 0
    var tile = [Float](repeating: 0, count: 16 * n)
    var projections = tile
    for stretch in stride(from: 0, to: rows.count, by: every).map({ rows[$0] }) {
      tile.withUnsafeMutableBufferPointer { samples.read(tensors, rows: stretch, into: $0.baseAddress!) }
      MatrixProduct.multiply(
        MatrixView(tile, rows: stretch.count, columns: n), by: MatrixView(vectors, rows: n, columns: n),
        transposeB: true, into: &projections)
      for t in 0..<stretch.count {
        for c in 0..<n { energies[c] += Double(projections[t * n + c]) * Double(projections[t * n + c]) }
      }
      counted += stretch.count
    }
    return energies.map { Float(($0 / Double(max(counted, 1))).squareRoot()) }
  }

  private static func identity(_ n: Int) -> [Float] {
    var matrix = [Float](repeating: 0, count: n * n)
    for i in 0..<n { matrix[i * n + i] = 1 }
    return matrix
  }
}

/// Mean and covariance of a group's features over the tokens that are not kept exactly.
struct FeatureMoments: Sendable {
  /// Tokens that are not kept exactly.
  let count: Int
  /// n means; 0 without tokens.
  let mean: [Float]
  /// Upper triangle of (n, n), about their mean, over at most about `mostTokens` of them; empty if it was not asked for.
  let covariance: [Float]

  /// Tokens that are read at a time.
  private static let tile = 512

  /// The most tokens that the covariance is taken over, about: of longer caches only the beginning of each tile is, since
  /// their bases do not gain by more.
  static func mostTokens(features n: Int) -> Int { max(16_384, 16 * n) }

  init(_ samples: GroupSamples, tensors: [CacheTensor], plan: SegmentPlan, covariance wanted: Bool) {
    let n = samples.group.features
    var sums = [Double](repeating: 0, count: n)
    var gram = [Float](repeating: 0, count: wanted ? n * n : 0)
    let total = plan.segments.reduce(0) { $0 + $1.rows.count }
    let share = min(Double(Self.mostTokens(features: n)) / Double(max(total, 1)), 1)
    // What the covariance is taken over: its own sums, so that it stays one of numbers that there are.
    var (seenSums, seen) = (sums, 0)
    var tile = [Float](repeating: 0, count: Self.tile * n)
    for segment in plan.segments {
      for start in stride(from: segment.rows.lowerBound, to: segment.rows.upperBound, by: Self.tile) {
        let rows = start..<min(start + Self.tile, segment.rows.upperBound)
        let taken = wanted ? Int((share * Double(rows.count)).rounded(.up)) : 0
        tile.withUnsafeMutableBufferPointer { samples.read(tensors, rows: rows, into: $0.baseAddress!) }
        tile.withUnsafeBufferPointer { tile in
          func add(_ rows: Range<Int>) -> [Float] {
            var partial = [Float](repeating: 0, count: n)
            for t in rows { for i in 0..<n { partial[i] += tile[t * n + i] } }
            return partial
          }
          let (first, rest) = (add(0..<taken), add(taken..<rows.count))
          for i in 0..<n {
            sums[i] += Double(first[i]) + Double(rest[i])
            seenSums[i] += Double(first[i])
          }
          guard taken > 0 else { return }
          MatrixProduct.gram(
            MatrixView(tile.baseAddress!, rows: taken, columns: n), into: &gram, accumulate: seen > 0)
        }
        seen += taken
      }
    }
    mean = sums.map { Float(total == 0 ? 0 : $0 / Double(total)) }
    if wanted {
      let scale = seen == 0 ? 0 : 1 / Double(seen)
      for i in 0..<n {
        let scaled = seenSums[i] * scale
        for j in i..<n { gram[i * n + j] = Float(Double(gram[i * n + j]) * scale - scaled * seenSums[j] * scale) }
      }
    }
    count = total
    covariance = gram
  }

  /// The covariance of features multiplied by the weights of their heads.
  func weightedCovariance(_ weights: [Float], headDim d: Int) -> [Float] {
    let n = mean.count
    var result = covariance
    for i in 0..<n {
      for j in i..<n { result[i * n + j] *= weights[i / d] * weights[j / d] }
    }
    return result
  }
}
