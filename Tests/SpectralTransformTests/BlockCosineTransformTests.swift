import Foundation
import SpectralTransform
import TestSupport
import Testing

@Suite struct BlockCosineTransformTests {
  private static let lengths = Array(1...33) + [64, 100]

  /// M[k, t] in Double.
  private static func cosine(_ k: Int, _ t: Int, _ n: Int) -> Double {
    ((k == 0 ? 1.0 : 2.0) / Double(n)).squareRoot() * cos(.pi * (Double(t) + 0.5) * Double(k) / Double(n))
  }

  private static func signal(_ count: Int) -> [Float] {
    var generator = RepeatableGenerator(seed: UInt64(count))
    return (0..<count).map { _ in generator.normal() }
  }

  @Test(arguments: lengths) func theMatrixIsOrthonormal(n: Int) {
    let matrix = BlockCosineTransform(blockLength: n).matrix.map { Double($0) }
    var worst = WorstError()
    for i in 0..<n {
      for j in 0..<n {
        let dot = (0..<n).reduce(0.0) { $0 + matrix[i * n + $1] * matrix[j * n + $1] }
        worst.add(abs(dot - (i == j ? 1 : 0)))
      }
    }
    // Elements are rounded once: a dot of two unit rows is off by 2·2⁻²⁴ at most (Cauchy and Schwarz), and little more.
    #expect(worst.value <= 2.1 * 0x1p-24)
  }

  /// Against sums in Double. A sum of N products in any order, of factors rounded once, is off by at most (N + 1)·2⁻²⁴
  /// of the sum of magnitudes, to first order.
  @Test(arguments: lengths) func forwardAndInverseAreTheSums(n: Int) {
    let transform = BlockCosineTransform(blockLength: n)
    let unit = Double(n + 2) * 0x1p-24
    for blocks in [1, 2, 5] {
      let signal = Self.signal(n * blocks)
      var coefficients = [Float](repeating: .nan, count: n * blocks)
      var back = coefficients
      transform.forward(signal, blocks: blocks, into: &coefficients)
      transform.inverse(coefficients, blocks: blocks, into: &back)
      var (forward, inverse) = (WorstError(), WorstError())
      for b in 0..<blocks {
        for i in 0..<n {
          let terms = (0..<n).map { Self.cosine(i, $0, n) * Double(signal[b * n + $0]) }
          forward.add(
            coefficients[i * blocks + b], terms.reduce(0, +), unit: unit * terms.reduce(0) { $0 + abs($1) })
          let parts = (0..<n).map { Self.cosine($0, i, n) * Double(coefficients[$0 * blocks + b]) }
          inverse.add(back[b * n + i], parts.reduce(0, +), unit: unit * parts.reduce(0) { $0 + abs($1) })
        }
      }
      #expect(forward.value <= 1 && inverse.value <= 1, "\(blocks) blocks")
    }
  }

  /// A constant is its first coefficient alone: √N times the constant.
  @Test func aConstantHasOneCoefficient() {
    let transform = BlockCosineTransform(blockLength: 16)
    var coefficients = [Float](repeating: 0, count: 16)
    transform.forward(Array(repeating: 1, count: 16), blocks: 1, into: &coefficients)
    #expect(abs(coefficients[0] - 4) <= 4 * 18 * 0x1p-24)
    #expect(coefficients.dropFirst().allSatisfy { abs($0) <= 18 * 0x1p-24 * 16 })
  }

  @Test func noBlocks() {
    var target: Float = 7
    BlockCosineTransform(blockLength: 3).forward([0], blocks: 0, into: &target)
    #expect(target == 7)
  }
}
