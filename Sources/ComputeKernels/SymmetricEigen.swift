import COpenBLAS

/// Eigenvalues and eigenvectors of a real symmetric matrix, largest eigenvalue first.
public struct SymmetricEigen {
  /// n of them, descending.
  public let values: [Float]
  /// (n, n): row i is the unit eigenvector of `values[i]`.
  public let vectors: [Float]

  /// Decomposes the matrix whose upper triangle (row-major) is given (LAPACK ssyevd). Each vector's sign is chosen so
  /// that its element of largest magnitude is positive: the decomposition does not depend on LAPACK's habits there.
  ///
  /// Returns nil if the matrix holds a NaN or infinity, or LAPACK did not converge.
  public init?(upperTriangle matrix: [Float], count n: Int) {
    precondition(matrix.count == n * n)
    guard n > 0 else {
      values = []
      vectors = []
      return
    }
    guard matrix.allSatisfy(\.isFinite) else { return nil }
    BLASRuntime.prepare()
    var a = matrix  // row-major upper is column-major lower
    var w = [Float](repeating: 0, count: n)
    var size = Int32(n)
    var info: Int32 = 0
    var workSize: Int32 = -1
    var integerWorkSize: Int32 = -1
    var work: [Float] = [0]
    var integerWork: [Int32] = [0]
    ssyevd_("V", "L", &size, &a, &size, &w, &work, &workSize, &integerWork, &integerWorkSize, &info)
    guard info == 0 else { return nil }
    workSize = Int32(work[0]) + 64
    integerWorkSize = integerWork[0]
    work = [Float](repeating: 0, count: Int(workSize))
    integerWork = [Int32](repeating: 0, count: Int(integerWorkSize))
    ssyevd_("V", "L", &size, &a, &size, &w, &work, &workSize, &integerWork, &integerWorkSize, &info)
    guard info == 0 else { return nil }
    values = w.reversed()
    // Column j of the column-major result is the vector of w[j]; stored as rows, largest first.
    var rows = [Float](repeating: 0, count: n * n)
    for i in 0..<n {
      let source = (n - 1 - i) * n
      var peak: Float = 0
      for j in 0..<n where abs(a[source + j]) > abs(peak) { peak = a[source + j] }
      let sign: Float = peak < 0 ? -1 : 1
      for j in 0..<n { rows[i * n + j] = sign * a[source + j] }
    }
    vectors = rows
  }
}
