import ComputeKernels
import TestSupport
import Testing

@Suite struct ReflectorProductTests {
  /// Q's columns in Double: unit vectors turned by the last reflector first.
  private static func expected(_ reflectors: [Float], _ s: Int, _ n: Int) -> [Double] {
    var rows = (0..<n * n).map { $0 % n == $0 / n ? 1.0 : 0 }
    for j in (0..<s).reversed() {
      let v = (j..<n).map { Double(reflectors[j * n + $0]) }
      let norm = v.reduce(0) { $0 + $1 * $1 }
      for row in 0..<n {
        let dot = v.indices.reduce(0.0) { $0 + rows[row * n + j + $1] * v[$1] }
        for i in v.indices { rows[row * n + j + i] -= 2 * dot / norm * v[i] }
      }
    }
    return rows
  }

  @Test func columnsAreTheProductInDouble() {
    var generator = RepeatableGenerator(seed: 3)
    for n in [1, 2, 3, 5, 8, 17, 40, 70] {
      for s in Set([0, 1, n / 2, n]) {
        // Elements before j are not read.
        var reflectors = [Float](repeating: .nan, count: s * n)
        for j in 0..<s {
          for i in j..<n { reflectors[j * n + i] = generator.normal() }
          reflectors[j * n + j] += reflectors[j * n + j] < 0 ? -1 : 1
        }
        let found = ReflectorProduct.columns(reflectors: reflectors, count: s, dimension: n)
        // Dividing by the first element rounds once; then S reflectors each add at most 4(n + 4) units (Higham, lemma
        // 19.3, with the constants of a dot product and an update).
        let bound = Double(max(s, 1) * 4 * (n + 4)) * 0x1p-24
        #expect(WorstError.between(found, Self.expected(reflectors, s, n)) <= bound, "n \(n), S \(s)")
      }
    }
  }

  @Test func withoutReflectorsItIsTheIdentity() {
    #expect(ReflectorProduct.columns(reflectors: [], count: 0, dimension: 3) == [1, 0, 0, 0, 1, 0, 0, 0, 1])
  }

  /// The scale of a reflector does not matter.
  @Test func scalesDoNotMatter() {
    let v: [Float] = [2, -1, 0.5, 4]
    let one = ReflectorProduct.columns(reflectors: v, count: 1, dimension: 4)
    for scale: Float in [-1, 1024, 0x1p-60, 0x1p60] {
      #expect(ReflectorProduct.columns(reflectors: v.map { $0 * scale }, count: 1, dimension: 4) == one)
    }
  }
}
