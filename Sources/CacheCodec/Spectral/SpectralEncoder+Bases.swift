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
      return (samples, ComponentBasis(vectors: part.basis.vectors(), deviations: [], quantised: part.basis))
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

  private static func identity(_ n: Int) -> [Float] {
    var matrix = [Float](repeating: 0, count: n * n)
    for i in 0..<n { matrix[i * n + i] = 1 }
    return matrix
  }
}

/// Mean and covariance of a group's features over the tokens that are not kept exactly.
struct FeatureMoments: Sendable {
  /// Tokens counted.
  let count: Int
  /// n means; 0 without tokens.
  let mean: [Float]
  /// Upper triangle of (n, n), about the mean; empty if it was not asked for.
  let covariance: [Float]

  /// Tokens that are read at a time.
  private static let tile = 1024

  init(_ samples: GroupSamples, tensors: [CacheTensor], plan: SegmentPlan, covariance wanted: Bool) {
    let n = samples.group.features
    var sums = [Double](repeating: 0, count: n)
    var gram = [Float](repeating: 0, count: wanted ? n * n : 0)
    var counted = 0
    var tile = [Float](repeating: 0, count: Self.tile * n)
    for segment in plan.segments {
      for start in stride(from: segment.rows.lowerBound, to: segment.rows.upperBound, by: Self.tile) {
        let rows = start..<min(start + Self.tile, segment.rows.upperBound)
        tile.withUnsafeMutableBufferPointer { samples.read(tensors, rows: rows, into: $0.baseAddress!) }
        var partial = [Float](repeating: 0, count: n)
        tile.withUnsafeBufferPointer { tile in
          for t in 0..<rows.count { for i in 0..<n { partial[i] += tile[t * n + i] } }
          if wanted {
            MatrixProduct.gram(
              MatrixView(tile.baseAddress!, rows: rows.count, columns: n), into: &gram, accumulate: counted > 0)
          }
        }
        for i in 0..<n { sums[i] += Double(partial[i]) }
        counted += rows.count
      }
    }
    let scale = counted == 0 ? 0 : 1 / Double(counted)
    let means = sums.map { $0 * scale }
    if wanted {
      for i in 0..<n {
        for j in i..<n { gram[i * n + j] = Float(Double(gram[i * n + j]) * scale - means[i] * means[j]) }
      }
    }
    count = counted
    mean = means.map { Float($0) }
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
