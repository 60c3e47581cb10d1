import Testing

@testable import KVCacheModel

@Suite struct RotaryEmbeddingTests {
  /// base^(−2i/dimensions), computed elsewhere to 36 digits. The exponent −2i/n is rounded once, which moves the power
  /// by |exponent · ln base| · 2⁻⁵³ relatively, and `pow` adds less than one ulp: below 8 ulps for these bases.
  @Test(arguments: [
    (10_000.0, 8, [1, 0.1, 0.01, 0.001]),
    (500_000.0, 6, [1, 0.012599210498948731647672106072782, 0.000158740105196819947475170563927]),
    (1_000_000.0, 4, [1, 0.001]),
    (10_000.0, 0, []),
  ])
  func frequencies(base: Double, dimensions: Int, expected: [Double]) {
    let found = RotaryEmbedding(pairing: .halfSplit, dimensions: dimensions, base: base).inverseFrequencies
    #expect(found.count == expected.count)
    for (frequency, exact) in zip(found, expected) {
      #expect(abs(frequency - exact) <= 8 * exact.ulp)
    }
  }

  @Test func unscaledEmbedding() {
    let rope = RotaryEmbedding(pairing: .interleaved, dimensions: 4, base: 100)
    #expect(rope.scaling == "none" && rope.magnitude == 1 && rope.base == 100 && rope.dimensions == 4)
    #expect(RotaryEmbedding.none.inverseFrequencies.isEmpty && RotaryEmbedding.none.pairing == .none)
  }

  @Test func pairs() {
    let interleaved = RotaryEmbedding(pairing: .interleaved, dimensions: 6, base: 2)
    #expect((0..<3).map { interleaved.elements(ofPair: $0).0 } == [0, 2, 4])
    #expect((0..<3).map { interleaved.elements(ofPair: $0).1 } == [1, 3, 5])
    let split = RotaryEmbedding(pairing: .halfSplit, dimensions: 6, base: 2)
    #expect((0..<3).map { split.elements(ofPair: $0).0 } == [0, 1, 2])
    #expect((0..<3).map { split.elements(ofPair: $0).1 } == [3, 4, 5])
  }

  /// Every element below `dimensions` belongs to exactly one pair.
  @Test(arguments: [RotaryEmbedding.Pairing.interleaved, .halfSplit], [0, 2, 4, 10, 64])
  func pairsCoverTheHead(pairing: RotaryEmbedding.Pairing, dimensions: Int) {
    let rope = RotaryEmbedding(pairing: pairing, dimensions: dimensions, base: 10_000)
    let elements = rope.inverseFrequencies.indices.map(rope.elements(ofPair:)).flatMap { [$0.0, $0.1] }
    #expect(elements.sorted() == Array(0..<dimensions))
  }

  @Test func names() {
    #expect(RotaryEmbedding.Pairing.allCases.map(\.name) == ["none", "interleaved", "half-split"])
    for pairing in RotaryEmbedding.Pairing.allCases { #expect(RotaryEmbedding.Pairing(name: pairing.name) == pairing) }
    #expect(RotaryEmbedding.Pairing(name: "neox") == nil)
    #expect(RotaryEmbedding.Pairing.allCases.map(\.rawValue) == [0, 1, 2])
  }
}
