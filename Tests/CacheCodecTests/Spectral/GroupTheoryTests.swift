import Foundation
import Testing

@testable import CacheCodec

@Suite struct GroupTheoryTests {
  private static func part(_ noise: Double, _ deviations: [Float] = []) -> GroupTheory.Part {
    GroupTheory.Part(noise: noise, deviations: deviations, tokens: 100, features: 8)
  }

  @Test func noiseOfKeysAndValuesAddsAsSquares() {
    let theory = GroupTheory(parts: [[Self.part(3), Self.part(4)], [Self.part(0), Self.part(2)]], heads: 4)
    #expect(theory.errors(SpectralSteps(key: 1, value: 1)) == [5, 2])
    #expect(theory.errors(SpectralSteps(key: 2, value: 0)) == [6, 0])
  }

  @Test func bytesGrowWithDeviationsOverTheStep() {
    let wide: [Float] = [8, 4, 2, 1]
    let narrow: [Float] = [1, 0.5, 0.25, 0.125]
    let theory = GroupTheory(
      parts: [[Self.part(1, wide), Self.part(1, narrow)], [Self.part(1, narrow), Self.part(1)]], heads: 2)
    for step: Float in [0.1, 0.5, 1] {
      let keys = theory.bytes(.key, step: step)
      #expect(keys[0] > keys[1])
      #expect(theory.bytes(.key, step: 2 * step)[0] < keys[0])
    }
    // (log2(8.5) + log2(4.5) + log2(2.5) + log2(1.5)) · 100 bits, to the power 0.7
    let expected = pow(100 * [8.5, 4.5, 2.5, 1.5].map { log2($0) }.reduce(0, +), 0.7)
    #expect(abs(theory.bytes(.key, step: 1)[0] / expected - 1) < 1e-6)
    // Unknown deviations: by the numbers there are.
    #expect(theory.bytes(.value, step: 1)[1] == 800)
  }
}
