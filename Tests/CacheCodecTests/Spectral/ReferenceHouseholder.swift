import TestSupport

/// Bases in Double, straight from formats/fkv.md §13.2.1.
enum ReferenceHouseholder {
  /// Row j is column j of H₀·H₁·….
  static func rows(dimension n: Int, integers: [[Int16]]) -> [Double] {
    var result = (0..<n * n).map { $0 % n == $0 / n ? 1.0 : 0 }
    for j in integers.indices.reversed() {
      let length = norm(integers[j].map { Double($0) })
      var v = integers[j].map { Double($0) / length }
      v[0] += v[0] < 0 ? -1 : 1
      let square = v.reduce(0) { $0 + $1 * $1 }
      for row in 0..<n {
        let dot = v.indices.reduce(0.0) { $0 + result[row * n + j + $1] * v[$1] }
        for i in v.indices { result[row * n + j + i] -= 2 * dot / square * v[i] }
      }
    }
    return result
  }

  /// An orthonormal basis from random reflectors.
  static func orthonormal(_ n: Int, seed: UInt64) -> [Double] {
    var generator = RepeatableGenerator(seed: seed)
    return rows(
      dimension: n,
      integers: (0..<n).map { j in (0..<n - j).map { _ in Int16.random(in: -99...99, using: &generator) | 1 } })
  }
}
