import COpenBLAS

/// The orthogonal matrix that a chain of Householder reflectors makes.
public enum ReflectorProduct {
  /// Q = H₀·H₁·…·H_{S−1}, Hⱼ = I − 2·vⱼvⱼᵀ/‖vⱼ‖² (LAPACK sorgqr), where vⱼ is 0 before element j.
  ///
  /// - Shape: `reflectors` is (S, n), row j is vⱼ; elements before j are not read, element j must not be 0. The result
  ///   is (n, n) row-major: row j is column j of Q.
  /// - Complexity: O(n²·S).
  public static func columns(reflectors: [Float], count s: Int, dimension n: Int) -> [Float] {
    precondition(reflectors.count == s * n && s <= n)
    BLASRuntime.prepare()
    var a = [Float](repeating: 0, count: n * n)
    var tau = [Float](repeating: 0, count: max(s, 1))
    for j in 0..<s {
      let lead = reflectors[j * n + j]
      precondition(lead != 0, "a reflector's first element is 0")
      var norm: Float = 0
      for i in j..<n { norm += (reflectors[j * n + i] / lead) * (reflectors[j * n + i] / lead) }
      for i in j + 1..<max(n, j + 1) { a[j * n + i] = reflectors[j * n + i] / lead }
      tau[j] = 2 / norm
    }
    var (m, k) = (Int32(n), Int32(s))
    var info: Int32 = 0
    var workSize: Int32 = -1
    var work: [Float] = [0]
    sorgqr_(&m, &m, &k, &a, &m, &tau, &work, &workSize, &info)
    workSize = max(Int32(work[0]), 1)
    work = [Float](repeating: 0, count: Int(workSize))
    sorgqr_(&m, &m, &k, &a, &m, &tau, &work, &workSize, &info)
    precondition(info == 0, "sorgqr refuses its arguments")
    return a
  }
}
