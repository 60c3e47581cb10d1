import COpenBLAS

extension MatrixProduct {
  /// target = op(a)·op(b) in double precision, row-major without gaps, where op transposes if asked.
  ///
  /// - Shape: op(a) is (m, k), op(b) is (k, n), target (m, n).
  public static func multiply(
    _ a: [Double], transposeA ta: Bool = false, by b: [Double], transposeB tb: Bool = false, m: Int, k: Int, n: Int
  ) -> [Double] {
    precondition(a.count == m * k && b.count == k * n, "elements do not fill the shapes")
    BLASRuntime.prepare()
    var target = [Double](repeating: 0, count: m * n)
    guard m > 0, n > 0, k > 0 else { return target }
    cblas_dgemm(
      CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, blasint(m), blasint(n), blasint(k),
      1, a, blasint(ta ? m : k), b, blasint(tb ? k : n), 0, &target, blasint(n))
    return target
  }
}
