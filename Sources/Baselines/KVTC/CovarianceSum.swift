import ComputeKernels

/// Mean and covariance of rows that come matrix by matrix.
struct CovarianceSum {
  let width: Int
  private(set) var rows = 0
  /// What is taken off every row before it is summed: the mean of the first matrix, so that Float32 sums stay exact enough.
  private var offset: [Float] = []
  private var sums: [Double]
  /// Upper triangle of Σ (x−offset)(x−offset)ᵀ.
  private var products: [Float]

  init(width: Int) {
    self.width = width
    sums = Array(repeating: 0, count: width)
    products = Array(repeating: 0, count: width * width)
  }

  /// Adds the rows of a matrix (rows, width).
  mutating func add(_ matrix: [Float]) {
    let count = matrix.count / width
    guard count > 0 else { return }
    if offset.isEmpty { offset = Self.mean(matrix, width: width) }
    var centred = matrix
    for row in 0..<count {
      for column in 0..<width {
        centred[row * width + column] -= offset[column]
        sums[column] += Double(centred[row * width + column])
      }
    }
    centred.withUnsafeBufferPointer { centred in
      products.withUnsafeMutableBufferPointer {
        MatrixProduct.gram(
          MatrixView(centred.baseAddress!, rows: count, columns: width), into: $0.baseAddress!, accumulate: true)
      }
    }
    rows += count
  }

  /// The principal components of all rows; nil if there are no rows, or numbers that are not finite.
  func basis() -> PrincipalBasis? {
    guard rows > 0 else { return nil }
    let means = sums.map { $0 / Double(rows) }
    var covariance = products
    for i in 0..<width {
      for j in i..<width {
        covariance[i * width + j] = covariance[i * width + j] / Float(rows) - Float(means[i] * means[j])
      }
    }
    guard let eigen = SymmetricEigen(upperTriangle: covariance, count: width) else { return nil }
    return PrincipalBasis(mean: zip(offset, means).map { $0 + Float($1) }, components: eigen.vectors)
  }

  /// The mean of a matrix's rows.
  static func mean(_ matrix: [Float], width: Int) -> [Float] {
    var sums = [Double](repeating: 0, count: width)
    for start in stride(from: 0, to: matrix.count, by: width) {
      for column in 0..<width { sums[column] += Double(matrix[start + column]) }
    }
    let rows = Double(max(matrix.count / max(width, 1), 1))
    return sums.map { Float($0 / rows) }
  }
}
