import COpenBLAS

/// A dense row-major matrix that somebody else's memory holds.
public struct MatrixView {
  public let base: UnsafePointer<Float>
  public let rows: Int
  public let columns: Int
  /// Elements from one row to the next; at least `columns`.
  public let stride: Int

  public init(_ base: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
    precondition(self.stride >= columns)
  }
}

/// Products through OpenBLAS. OpenBLAS itself runs one thread: callers parallelise over layers and heads, so results do
/// not depend on how many threads there are.
public enum MatrixProduct {
  /// target = scale · op(a) · op(b) + (accumulate ? target : 0), where op transposes if asked.
  ///
  /// - Shape: op(a) is (m, k), op(b) is (k, n), target (m, n) with `targetStride` elements a row (n if nil).
  public static func multiply(
    _ a: MatrixView, transposeA ta: Bool = false, by b: MatrixView, transposeB tb: Bool = false,
    into target: UnsafeMutablePointer<Float>, targetStride: Int? = nil, scale: Float = 1, accumulate: Bool = false
  ) {
    BLASRuntime.prepare()
    let (m, k) = ta ? (a.columns, a.rows) : (a.rows, a.columns)
    let (k2, n) = tb ? (b.columns, b.rows) : (b.rows, b.columns)
    precondition(k == k2, "inner dimensions differ")
    guard m > 0, n > 0 else { return }
    guard k > 0 else {
      if !accumulate { for i in 0..<m { (target + i * (targetStride ?? n)).update(repeating: 0, count: n) } }
      return
    }
    cblas_sgemm(
      CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, blasint(m), blasint(n),
      blasint(k), scale, a.base, blasint(a.stride), b.base, blasint(b.stride), accumulate ? 1 : 0, target,
      blasint(targetStride ?? n))
  }

  /// The upper triangle of target = scale · aᵀ·a + (accumulate ? target : 0); the lower triangle is not touched.
  ///
  /// - Shape: a is (t, n), target (n, n).
  public static func gram(
    _ a: MatrixView, into target: UnsafeMutablePointer<Float>, scale: Float = 1, accumulate: Bool = false
  ) {
    BLASRuntime.prepare()
    guard a.columns > 0 else { return }
    cblas_ssyrk(
      CblasRowMajor, CblasUpper, CblasTrans, blasint(a.columns), blasint(a.rows), scale, a.base, blasint(a.stride),
      accumulate ? 1 : 0, target, blasint(a.columns))
  }
}
