import ComputeKernels

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
