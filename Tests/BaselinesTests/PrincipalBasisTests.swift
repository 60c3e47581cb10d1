import TestSupport
import Testing

@testable import Baselines

struct PrincipalBasisTests {
  /// Rows of rank 3 around a mean, far from 0.
  private func matrix(rows: Int, width: Int, seed: UInt64) -> [Float] {
    var generator = RepeatableGenerator(seed: seed)
    let mixture = (0..<3 * width).map { _ in generator.normal() }
    return (0..<rows).flatMap { _ -> [Float] in
      let signals = [8 * generator.normal(), 3 * generator.normal(), generator.normal()]
      return (0..<width).map { column in
        20 + (0..<3).reduce(Float(0)) { $0 + signals[$1] * mixture[$1 * width + column] }
      }
    }
  }

  /// The covariance of blocks and the products of few rows find the same subspace: three components give back the rows
  /// to the rounding of binary16, 2⁻¹¹ of numbers up to about 100.
  @Test(arguments: [true, false]) func threeComponentsHoldRowsOfRankThree(_ fewRows: Bool) throws {
    let (rows, width) = (9, 12)
    let matrix = matrix(rows: rows, width: width, seed: 4)
    let basis: PrincipalBasis
    if fewRows {
      basis = try #require(PrincipalBasis.ofFewRows(matrix, width: width))
      #expect(basis.count == 3)
    } else {
      var sum = CovarianceSum(width: width)
      sum.add(Array(matrix[..<(4 * width)]))
      sum.add(Array(matrix[(4 * width)...]))
      basis = try #require(sum.basis())
      #expect(sum.rows == rows && basis.count == width)
    }
    let coefficients = try basis.project(matrix, on: 0..<3)
    let restored = try basis.synthesise(coefficients, rows: rows, count: 3)
    #expect(zip(matrix, restored).allSatisfy { abs($0 - $1) < 0.15 })
    func energy(_ component: Int) -> Float {
      (0..<rows).map { coefficients[$0 * 3 + component] }.reduce(0) { $0 + $1 * $1 }
    }
    #expect(energy(0) > energy(2))
    #expect(basis.byteCount(components: 3) == 2 * width * 4)
  }

  @Test func nothingIsLearnedFromNothing() {
    #expect(CovarianceSum(width: 4).basis() == nil)
    #expect(PrincipalBasis.ofFewRows([], width: 4) == nil)
    #expect(PrincipalBasis.ofFewRows([1, .nan, 2, 3, 4, 5], width: 3) == nil)
  }
}
