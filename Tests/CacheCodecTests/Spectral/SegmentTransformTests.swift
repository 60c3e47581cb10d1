import Foundation
import SpectralTransform
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct SegmentTransformTests {
  private static func features(_ rows: Int, _ n: Int) -> [Float] {
    var generator = RepeatableGenerator(seed: UInt64(rows * n))
    return (0..<rows * n).map { _ in 3 * generator.normal() }
  }

  private static func transform(_ n: Int, _ block: Int) -> SegmentTransform {
    let vectors = ReferenceHouseholder.orthonormal(n, seed: UInt64(n)).map { Float($0) }
    return SegmentTransform(basis: vectors, features: n, blockLength: block)
  }

  /// Both transforms are orthonormal, so a block's error is that of its coefficients: 0.6 steps at most where they became 0
  /// (half a step and the dead zone), half a step elsewhere.
  @Test func theErrorIsBoundedByTheStep() {
    for (rows, n, block) in [(1, 1, 1), (7, 3, 4), (33, 6, 16), (16, 5, 16), (50, 12, 7), (3, 2, 32)] {
      for step: Float in [0.01, 0.4, 5] {
        for hasCodes in [false, true] {
          let transform = Self.transform(n, block)
          let input = Self.features(rows, n)
          let blocks = (rows + block - 1) / block
          let codes = hasCodes ? (0..<blocks).map { UInt8(3 * $0) } : []
          let segment = transform.forward(input, rows: 10..<10 + rows, step: step, blockCodes: codes, most: n).segment
          #expect(segment.symbols.count == segment.components * block * blocks && segment.offset == 0.1)
          var output = [Float](repeating: .nan, count: rows * n)
          transform.inverse(segment, into: &output)
          for b in 0..<blocks {
            let places = b * block * n..<min((b + 1) * block, rows) * n
            let error = norm(places.map { Double(output[$0]) - Double(input[$0]) })
            let factor = hasCodes ? exp2(Double(3 * b) / 8) : 1
            // Sums of n and N products, both ways, of numbers whose norm in a block is below 12·√(nN).
            let rounding = 2 * Double(n + block + 8) * 0x1p-24 * Double(n * block).squareRoot() * 12
            #expect(
              error <= 0.6 * factor * Double(step) * Double(n * block).squareRoot() + rounding
                * Double(n + block).squareRoot())
          }
        }
      }
    }
  }

  /// Components from `most` on are lost entirely, and only they.
  @Test func trailingComponentsAreDropped() {
    let transform = SegmentTransform(
      basis: QuantisedBasis(dimension: 4, integers: []).vectors(), features: 4, blockLength: 4)
    let input = Self.features(8, 4)
    for most in 0...4 {
      let segment = transform.forward(input, rows: 0..<8, step: 1e-3, most: most).segment
      #expect(segment.components == most)
      var output = [Float](repeating: .nan, count: 32)
      transform.inverse(segment, into: &output)
      for i in 0..<32 {
        if i % 4 >= most { #expect(output[i] == 0) } else { #expect(abs(output[i] - input[i]) <= 0.0025) }
      }
    }
  }

  @Test func silenceTakesNoCoefficients() {
    let transform = Self.transform(3, 4)
    let segment = transform.forward([Float](repeating: 0, count: 15), rows: 0..<5, step: 1, most: 3).segment
    #expect(segment.components == 0 && segment.symbols.isEmpty)
    var output = [Float](repeating: 7, count: 15)
    transform.inverse(segment, into: &output)
    #expect(output.allSatisfy { $0 == 0 })
  }
}
