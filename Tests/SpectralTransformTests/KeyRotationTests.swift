import Foundation
import KVCacheModel
import SpectralTransform
import TestSupport
import Testing

@Suite struct KeyRotationTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var pairing: RotaryEmbedding.Pairing
    var dimensions: Int
    var headDim: Int
    var magnitude: Double
    var testDescription: String { "\(pairing.name) \(dimensions) of \(headDim), magnitude \(magnitude)" }

    var embedding: RotaryEmbedding {
      RotaryEmbedding(
        pairing: pairing, dimensions: dimensions, base: 10_000, scaling: "none",
        inverseFrequencies: RotaryEmbedding.unscaledFrequencies(dimensions: dimensions, base: 10_000),
        magnitude: magnitude)
    }
  }

  static let cases = [RotaryEmbedding.Pairing.interleaved, .halfSplit].flatMap { pairing in
    [(2, 2), (8, 8), (6, 9), (64, 64), (0, 5)].flatMap { dimensions, headDim in
      [1, 1.25, 0.5].map { Case(pairing: pairing, dimensions: dimensions, headDim: headDim, magnitude: $0) }
    }
  }

  private static let positions = [0, 1, 2, 63, 4095, 131_071]

  /// Rows of `headDim` numbers, `stride` apart, with what lies between them.
  private static func rows(_ count: Int, stride: Int) -> [Float] {
    var generator = RepeatableGenerator(seed: UInt64(count * stride))
    return (0..<count * stride).map { _ in Float.random(in: -2...2, using: &generator) }
  }

  /// cos, sin and their product with the magnitude are rounded once each, each of two products and their sum once:
  /// below 4·ε/2 of each of |x| and |y|, so below 4·ε·(|x| + |y|)/2·m for a pair.
  private static func bound(_ x: Float, _ y: Float, _ magnitude: Double) -> Double {
    2 * 0x1p-23 * magnitude * Double(abs(x) + abs(y))
  }

  /// Against multiplication by m·exp(iφ) of the pair as a complex number, whose elements are counted out here.
  @Test(arguments: cases) func rotationIsAComplexProduct(of test: Case) {
    for first in Self.positions {
      let rotation = KeyRotation(test.embedding, firstPosition: first, count: 3)
      let stride = test.headDim + 2
      let before = Self.rows(3, stride: stride)
      var found = before
      rotation.rotate(&found, rows: 3, stride: stride)
      var touched: Set<Int> = []
      var worst = WorstError()
      for row in 0..<3 {
        for pair in 0..<test.dimensions / 2 {
          let partner = test.pairing == .interleaved ? 2 * pair + 1 : pair + test.dimensions / 2
          let place = row * stride + (test.pairing == .interleaved ? 2 * pair : pair)
          let other = row * stride + partner
          let angle = Double(first + row) * pow(10_000, -2 * Double(pair) / Double(test.dimensions))
          let (x, y) = (before[place], before[other])
          // The angle itself is off by p·ω·2⁻⁵², which is far below the rest.
          let bound = Self.bound(x, y, test.magnitude)
          let real = test.magnitude * (Double(x) * cos(angle) - Double(y) * sin(angle))
          let imaginary = test.magnitude * (Double(x) * sin(angle) + Double(y) * cos(angle))
          worst.add(found[place], real, unit: bound)
          worst.add(found[other], imaginary, unit: bound)
          touched.formUnion([place, other])
        }
      }
      #expect(worst.value <= 1)
      #expect(before.indices.allSatisfy { touched.contains($0) || before[$0] == found[$0] })
    }
  }

  @Test(arguments: cases) func theInverseUndoes(of test: Case) {
    let rotation = KeyRotation(test.embedding, firstPosition: 7, count: 40)
    let before = Self.rows(40, stride: test.headDim)
    var found = before
    rotation.rotate(&found, rows: 40, stride: test.headDim)
    rotation.unrotate(&found, rows: 40, stride: test.headDim)
    for row in 0..<40 {
      for pair in 0..<test.dimensions / 2 {
        let (a, b) = test.embedding.elements(ofPair: pair)
        let (x, y) = (row * test.headDim + a, row * test.headDim + b)
        // Both ways' errors; the first one's passes through the second, turned and so up to √2 larger.
        let bound = 2.5 * Self.bound(before[x], before[y], 1) * 2
        #expect(abs(Double(found[x]) - Double(before[x])) <= bound)
        #expect(abs(Double(found[y]) - Double(before[y])) <= bound)
      }
    }
  }

  /// What profiles live on: one key, rotated for several positions, is one key again after the rotation is undone.
  @Test(arguments: cases) func unrotatedEqualKeysAgree(of test: Case) {
    let key = Self.rows(1, stride: test.headDim)
    let count = 300
    var rows = (0..<count).flatMap { _ in key }
    let rotation = KeyRotation(test.embedding, firstPosition: 1000, count: count)
    rotation.rotate(&rows, rows: count, stride: test.headDim)
    if test.dimensions > 0 { #expect(rows[..<test.headDim] != rows[test.headDim..<2 * test.headDim]) }
    // A part of the rows by its place in the table, as heads are un-rotated block by block.
    rotation.unrotate(&rows, rows: 100, stride: test.headDim)
    rows.withUnsafeMutableBufferPointer {
      rotation.unrotate($0.baseAddress! + 100 * test.headDim, rows: 200, stride: test.headDim, start: 100)
    }
    var bounds = [Double](repeating: 0, count: test.headDim)
    for pair in 0..<test.dimensions / 2 {
      let (a, b) = test.embedding.elements(ofPair: pair)
      bounds[a] = 5 * Self.bound(key[a], key[b], 1)
      bounds[b] = bounds[a]
    }
    let wrong = rows.indices.filter { index in
      let dim = index % test.headDim
      return !(abs(Double(rows[index]) - Double(key[dim])) <= bounds[dim])
    }
    #expect(wrong == [])
  }

  @Test func withoutPairingNothingChanges() {
    let rotation = KeyRotation(.none, firstPosition: 3, count: 4)
    let before = Self.rows(4, stride: 5)
    var found = before
    rotation.rotate(&found, rows: 4, stride: 5)
    rotation.unrotate(&found, rows: 4, stride: 5)
    #expect(found == before)
  }

  /// Agrees with the plain rotation that synthetic caches are made with.
  @Test func agreesWithSyntheticCaches() {
    let embedding = RotaryEmbedding(pairing: .halfSplit, dimensions: 16, base: 500)
    let before = Self.rows(1, stride: 16)
    var (fast, plain) = (before, before)
    KeyRotation(embedding, firstPosition: 99, count: 1).rotate(&fast, rows: 1, stride: 16)
    SyntheticCache.rotate(&plain, 0, position: 99, by: embedding)
    #expect(zip(fast, plain).allSatisfy { abs($0 - $1) <= 8 * 0x1p-23 * 2 })
  }
}
