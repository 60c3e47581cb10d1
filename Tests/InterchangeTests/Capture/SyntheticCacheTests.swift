import KVCacheModel
import TestSupport
import Testing

/// What codec tests rely on in the caches that `TestSupport` makes.
@Suite struct SyntheticCacheTests {
  @Test func equalArgumentsGiveEqualCaches() {
    let (a, b, c) = (SyntheticCache.make(seed: 5), SyntheticCache.make(seed: 5), SyntheticCache.make(seed: 6))
    #expect(a.keys == b.keys && a.values == b.values && a.queries == b.queries && a.description == b.description)
    #expect(a.keys != c.keys)
  }

  @Test func neighbouringTokensAreAlike() {
    let cache = SyntheticCache.make(layers: 1, kvHeads: 2, tokens: 400, headDim: 32)
    let elements = cache.values[0].decodedElements
    var (steps, spread) = (0.0, 0.0)
    for row in 0..<2 {
      for dim in 0..<32 {
        let signal = (0..<400).map { Double(elements[(row * 400 + $0) * 32 + dim]) }
        let mean = signal.reduce(0, +) / 400
        spread += signal.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        steps += zip(signal, signal.dropFirst()).reduce(0) { $0 + ($1.1 - $1.0) * ($1.1 - $1.0) }
      }
    }
    // White noise has twice its variance in its steps.
    #expect(steps < 1.2 * spread)
    #expect(elements.allSatisfy { $0.isFinite })
  }

  @Test func rotationTurnsPairsAndKeepsLengths() {
    let rope = RotaryEmbedding(
      pairing: .halfSplit, dimensions: 2, base: 1, scaling: "none", inverseFrequencies: [.pi / 2], magnitude: 2)
    var elements: [Float] = [9, 3, 4, 9]
    SyntheticCache.rotate(&elements, 1, position: 1, by: rope)
    #expect(elements[0] == 9 && elements[3] == 9)
    // cos(π/2) is 6e-17 in Double, which Float rounding hides here.
    #expect(elements[1] == -8 && elements[2] == 6)
  }

  /// Every encoding of two bytes survives; Float32 is the identity; BF16 rounds ties to even.
  @Test func elementCodingRoundTrips() {
    let all = (0...UInt16.max).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    for type in [ElementType.float16, .bfloat16] {
      let decoded = ElementCoding.decode(all, as: type)
      let again = ElementCoding.decode(ElementCoding.encode(decoded, as: type), as: type)
      #expect(zip(decoded, again).allSatisfy { $0.isNaN ? $1.isNaN : $0.bitPattern == $1.bitPattern })
    }
    #expect(ElementCoding.encode([1, -2], as: .float32) == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
    let ties: [Float] = [1 + 0x1p-8, 1 + 0x3p-8, 1 + 0x1p-8 + 0x1p-20, .greatestFiniteMagnitude]
    #expect(
      ElementCoding.decode(ElementCoding.encode(ties, as: .bfloat16), as: .bfloat16)
        == [1, 1 + 0x2p-7, 1 + 0x1p-7, .infinity])
  }
}
