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

extension PrincipalBasis {
  /// The components of one matrix with fewer rows n than columns, through the n × n products of its rows: the vectors of
  /// XXᵀ, taken back by Xᵀ. Components weaker than 10⁻⁶ of the strongest variance are left out. nil as in `basis()`.
  static func ofFewRows(_ matrix: [Float], width: Int) -> PrincipalBasis? {
    let rows = matrix.count / width
    guard rows > 0 else { return nil }
    let mean = CovarianceSum.mean(matrix, width: width)
    var centred = matrix
    for row in 0..<rows { for column in 0..<width { centred[row * width + column] -= mean[column] } }
    var products = [Float](repeating: 0, count: rows * rows)
    var components: [Float] = []
    let view = { (base: UnsafePointer<Float>) in MatrixView(base, rows: rows, columns: width) }
    centred.withUnsafeBufferPointer {
      MatrixProduct.multiply(view($0.baseAddress!), by: view($0.baseAddress!), transposeB: true, into: &products)
    }
    guard let eigen = SymmetricEigen(upperTriangle: products, count: rows) else { return nil }
    let kept = eigen.values.prefix { $0 > 1e-6 * eigen.values[0] && $0 > 0 }.count
    components = [Float](repeating: 0, count: kept * width)
    if kept > 0 {
      centred.withUnsafeBufferPointer { centred in
        eigen.vectors.withUnsafeBufferPointer {
          MatrixProduct.multiply(
            MatrixView($0.baseAddress!, rows: kept, columns: rows), by: view(centred.baseAddress!), into: &components)
        }
      }
    }
    for i in 0..<kept {
      let factor = 1 / eigen.values[i].squareRoot()
      for column in 0..<width { components[i * width + column] *= factor }
    }
    return PrincipalBasis(mean: mean, components: components)
  }
}
