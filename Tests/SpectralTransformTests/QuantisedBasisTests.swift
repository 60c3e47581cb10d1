import TestSupport
import Testing

@testable import SpectralTransform

@Suite struct QuantisedBasisTests {
  /// Rounding of S reflectors of up to n elements, applied one after the other: each adds at most 4(n + 4) units of 2⁻²⁴
  /// to a column (products, sums, the norm and the factor are rounded; Higham, lemma 19.3).
  private static func bound(_ n: Int, _ s: Int) -> Double { Double(max(s, 1) * 4 * (n + 4)) * 0x1p-24 }

  private static func expectOrthonormal(
    _ basis: QuantisedBasis, _ location: SourceLocation = #_sourceLocation
  ) {
    let n = basis.dimension
    let rows = basis.vectors().map { Double($0) }
    var worst = WorstError()
    for i in 0..<n {
      for j in 0..<n {
        let product = (0..<n).reduce(0.0) { $0 + rows[i * n + $1] * rows[j * n + $1] }
        worst.add(abs(product - (i == j ? 1 : 0)))
      }
    }
    #expect(worst.value <= 2 * bound(n, basis.count), "n \(n), S \(basis.count)", sourceLocation: location)
  }

  private static func randomIntegers(_ n: Int, _ s: Int, _ range: ClosedRange<Int16>, seed: UInt64) -> [[Int16]] {
    var generator = RepeatableGenerator(seed: seed)
    return (0..<s).map { j in
      var list = (0..<n - j).map { _ in Int16.random(in: range, using: &generator) }
      if list.allSatisfy({ $0 == 0 }) { list[Int.random(in: 0..<n - j, using: &generator)] = -1 }
      return list
    }
  }

  @Test func anyIntegersGiveAnOrthonormalBasis() {
    for n in [1, 2, 3, 7, 16, 33, 40] {
      for s in Set([0, 1, n / 2, n - 1, n]) {
        for range: ClosedRange<Int16> in [-1...1, -9...9, .min ... .max] {
          Self.expectOrthonormal(
            QuantisedBasis(dimension: n, integers: Self.randomIntegers(n, s, range, seed: UInt64(100 * n + s))))
        }
      }
    }
  }

  @Test func extremeIntegers() {
    let n = 12
    for value in [Int16.min, .max, -1, 1] {
      Self.expectOrthonormal(
        QuantisedBasis(dimension: n, integers: (0..<n).map { Array(repeating: value, count: n - $0) }))
      for place in [0, 1] {
        let lists = (0..<n).map { j -> [Int16] in
          var list = [Int16](repeating: 0, count: n - j)
          list[min(place, n - j - 1)] = value
          return list
        }
        Self.expectOrthonormal(QuantisedBasis(dimension: n, integers: lists))
      }
    }
  }

  @Test func withoutReflectorsTheBasisIsTheIdentity() {
    for n in 1...5 {
      let vectors = QuantisedBasis(dimension: n, integers: []).vectors()
      #expect(vectors == (0..<n * n).map { $0 % n == $0 / n ? 1 : 0 })
    }
  }

  /// In one dimension a reflector is −1, whatever its integer.
  @Test func oneDimension() {
    for value: Int16 in [.min, -1, 1, .max] {
      #expect(QuantisedBasis(dimension: 1, integers: [[value]]).vectors() == [-1])
    }
  }

  /// formats/fkv.md §13.2.1: column j of H₀…H_{S−1}, each reflector formed in Double.
  @Test func theBasisIsTheProductOfItsReflectors() {
    for (n, s) in [(1, 1), (5, 2), (9, 9), (40, 17)] {
      let basis = QuantisedBasis(dimension: n, integers: Self.randomIntegers(n, s, -50...50, seed: UInt64(n)))
      let expected = ReferenceBasis.rows(dimension: n, integers: basis.integers)
      #expect(WorstError.between(basis.vectors(), expected) <= Self.bound(n, s))
    }
  }

  /// The vectors of the quantised basis follow those given, up to sign. A vector loses what the deviations ε of those
  /// before it take from it, √Σε², twice at most (what is cut off, and the scaling back to length 1), and its own
  /// quantisation, δ·√n (½·δ·√n, and the same once more for the scaling).
  @Test func quantisedVectorsFollowThoseGiven() {
    for (n, s, step) in [(6, 6, Float(0.001)), (20, 12, 0.01), (40, 40, 0.002), (70, 50, 0.0005)] {
      let given = ReferenceBasis.orthonormal(n, seed: UInt64(n))
      let basis = QuantisedBasis(
        vectors: given.map { Float($0) }, dimension: n, steps: Array(repeating: step, count: s))
      let found = basis.vectors().map { Double($0) }
      var before = 0.0
      for j in 0..<s {
        let dot = (0..<n).reduce(0.0) { $0 + given[j * n + $1] * found[j * n + $1] }
        let error = (0..<n).reduce(0.0) { sum, i in
          let difference = found[j * n + i] - (dot < 0 ? -1 : 1) * given[j * n + i]
          return sum + difference * difference
        }.squareRoot()
        let most = 2 * before.squareRoot() + Double(step) * Double(n).squareRoot() + Self.bound(n, s)
        #expect(error <= most, "n \(n), vector \(j)")
        before += error * error
      }
      // The first vector has nothing before it.
      #expect(before > 0)
    }
  }

  /// Panels of 32 give what reflectors one by one give: every integer is the rounding of what the reflectors before it,
  /// applied one after the other in Double, leave.
  @Test func panelsEqualReflectorsOneByOne() {
    let step: Float = 0.02
    for n in [31, 32, 33, 64, 70] {
      let given = ReferenceBasis.orthonormal(n, seed: UInt64(7 * n))
      let basis = QuantisedBasis(
        vectors: given.map { Float($0) }, dimension: n, steps: Array(repeating: step, count: n))
      var rest = given
      var worst = WorstError()
      for j in 0..<n {
        let own = rest[j * n + j..<(j + 1) * n]
        let norm = own.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let peak = own.map { abs($0) }.max()! / norm
        // The last vectors may need a coarser step, to keep within ±32000; with this one none does.
        #expect(peak / 32_000 < Double(step))
        for (x, q) in zip(own, basis.integers[j]) { worst.add(abs(x / (norm * Double(step)) - Double(q))) }
        let v = ReferenceBasis.reflector(basis.integers[j])
        for k in j + 1..<max(n, j + 1) { ReferenceBasis.reflect(&rest, k * n + j, v) }
      }
      // The rest shrinks to the length of one element only at the end, where the complement has one dimension.
      #expect(worst.value <= 0.5 + 8 * Self.bound(n, n) / Double(step), "n \(n): \(worst.value)")
    }
  }

  @Test func stepsThatAreTooFineAreMadeCoarser() {
    let given = ReferenceBasis.orthonormal(8, seed: 1).map { Float($0) }
    let basis = QuantisedBasis(vectors: given, dimension: 8, steps: Array(repeating: 1e-12, count: 8))
    #expect(basis.integers.joined().map { abs(Int($0)) }.max()! <= 32_000)
    #expect(basis.integers.allSatisfy { $0.map { abs(Int($0)) }.max()! >= 31_999 })
    Self.expectOrthonormal(basis)
  }

  /// A step that leaves nothing keeps the largest element alone.
  @Test func stepsThatAreTooCoarseKeepOneElement() {
    let given: [Float] = [0.6, -0.8, 0, 0.8, 0.6, 0, 0, 0, 1]
    let basis = QuantisedBasis(vectors: given, dimension: 3, steps: [100, 100, 100])
    #expect(basis.integers[0] == [0, -1, 0])
    #expect(basis.integers.allSatisfy { $0.count { $0 != 0 } == 1 })
    Self.expectOrthonormal(basis)
  }

  /// Vectors that are no directions get one.
  @Test func emptyAndInfiniteVectors() {
    for value: Float in [0, .nan, .infinity] {
      let basis = QuantisedBasis(
        vectors: Array(repeating: value, count: 3), dimension: 3, steps: [0.1])
      #expect(basis.integers == [[1, 0, 0]])
    }
  }
}

/// Householder bases in Double, straight from formats/fkv.md §13.2.1.
enum ReferenceBasis {
  /// x + s·e₀ for x = q/‖q‖.
  static func reflector(_ list: [Int16]) -> [Double] {
    let norm = list.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    var v = list.map { Double($0) / norm }
    v[0] += v[0] < 0 ? -1 : 1
    return v
  }

  /// Elements from `start` on become x − 2(x·v)v/‖v‖².
  static func reflect(_ x: inout [Double], _ start: Int, _ v: [Double]) {
    let dot = v.indices.reduce(0.0) { $0 + x[start + $1] * v[$1] }
    let factor = 2 * dot / v.reduce(0) { $0 + $1 * $1 }
    for i in v.indices { x[start + i] -= factor * v[i] }
  }

  /// Row j is column j of H₀·H₁·…: unit vector j, turned by the last reflector first.
  static func rows(dimension n: Int, integers: [[Int16]]) -> [Double] {
    var result = (0..<n * n).map { $0 % n == $0 / n ? 1.0 : 0 }
    for j in integers.indices.reversed() {
      let v = reflector(integers[j])
      for row in 0..<n { reflect(&result, row * n + j, v) }
    }
    return result
  }

  /// n random orthonormal vectors (Gram and Schmidt, twice).
  static func orthonormal(_ n: Int, seed: UInt64) -> [Double] {
    var generator = RepeatableGenerator(seed: seed)
    var rows: [[Double]] = []
    while rows.count < n {
      var x = (0..<n).map { _ in Double(generator.normal()) }
      for _ in 0..<2 {
        for row in rows {
          let dot = zip(x, row).reduce(0) { $0 + $1.0 * $1.1 }
          for i in 0..<n { x[i] -= dot * row[i] }
        }
      }
      let norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
      rows.append(x.map { $0 / norm })
    }
    return rows.flatMap { $0 }
  }
}
