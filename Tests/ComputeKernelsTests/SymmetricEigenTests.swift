import ComputeKernels
import TestSupport
import Testing

@Suite struct SymmetricEigenTests {
  /// A matrix of numbers in −1…1 whose lower triangle holds what must not be read.
  private static func matrix(_ n: Int, seed: UInt64) -> [Float] {
    var generator = RepeatableGenerator(seed: seed)
    return (0..<n * n).map { place in
      let number = Float.random(in: -1...1, using: &generator)
      return place % n >= place / n ? number : 1e6
    }
  }

  /// LAPACK's symmetric solvers are backward stable: values and residuals are off by at most p(n)·ε·‖A‖, vectors
  /// orthogonal to p(n)·ε, with p a small multiple of n (LAPACK Users' Guide, 4.7). ‖A‖ ≤ n here; p(n) = 8n is allowed.
  @Test(arguments: [1, 2, 3, 4, 7, 16, 33]) func vectorsAreOrthonormalAndGiveTheMatrixBack(n: Int) throws {
    let matrix = Self.matrix(n, seed: UInt64(n))
    let eigen = try #require(SymmetricEigen(upperTriangle: matrix, count: n))
    #expect(eigen.values.count == n && eigen.vectors.count == n * n)
    #expect(zip(eigen.values, eigen.values.dropFirst()).allSatisfy { $0 >= $1 })
    let orthogonality = 8 * Double(n) * 0x1p-23
    let residual = orthogonality * Double(n)
    for i in 0..<n {
      for j in 0..<n {
        var (dot, entry) = (0.0, 0.0)
        for k in 0..<n {
          dot += Double(eigen.vectors[i * n + k]) * Double(eigen.vectors[j * n + k])
          entry += Double(eigen.vectors[k * n + i]) * Double(eigen.values[k]) * Double(eigen.vectors[k * n + j])
        }
        #expect(abs(dot - (i == j ? 1 : 0)) <= orthogonality)
        #expect(abs(entry - Double(matrix[min(i, j) * n + max(i, j)])) <= residual)
      }
      let row = eigen.vectors[i * n..<(i + 1) * n]
      let peak = try #require(row.max { abs($0) < abs($1) })
      #expect(peak > 0)
    }
  }

  @Test func knownDecomposition() throws {
    let eigen = try #require(SymmetricEigen(upperTriangle: [2, 1, 0, 2], count: 2))
    let half = Float(0.5).squareRoot()
    for (found, expected) in zip(eigen.values + eigen.vectors[..<2], [3, 1, half, half]) {
      #expect(abs(found - expected) <= 16 * 0x1p-23)
    }
  }

  @Test func theSameMatrixGivesTheSameBits() throws {
    let matrix = Self.matrix(20, seed: 5)
    let first = try #require(SymmetricEigen(upperTriangle: matrix, count: 20))
    let second = try #require(SymmetricEigen(upperTriangle: matrix, count: 20))
    #expect(first.values == second.values && first.vectors == second.vectors)
  }

  @Test func edgeCases() throws {
    let empty = try #require(SymmetricEigen(upperTriangle: [], count: 0))
    #expect(empty.values.isEmpty && empty.vectors.isEmpty)
    let zero = try #require(SymmetricEigen(upperTriangle: Array(repeating: 0, count: 9), count: 3))
    #expect(zero.values == [0, 0, 0])
    #expect(SymmetricEigen(upperTriangle: [1, .nan, 0, 1], count: 2) == nil)
    #expect(SymmetricEigen(upperTriangle: [.infinity, 0, 0, 1], count: 2) == nil)
  }
}
