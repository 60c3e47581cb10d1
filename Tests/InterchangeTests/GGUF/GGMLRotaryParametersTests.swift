import Interchange
import KVCacheModel
import Testing

struct GGMLRotaryParametersTests {
  @Test func plainFrequenciesAreThePowersOfTheBase() throws {
    let rope = try #require(
      GGMLRotaryParameters(mode: 2, dimensions: 128, base: 500_000).rotaryEmbedding(scaling: "none"))
    #expect(rope.pairing == .halfSplit && rope.dimensions == 128 && rope.magnitude == 1)
    let exact = RotaryEmbedding.unscaledFrequencies(dimensions: 128, base: 500_000)
    // θ is rounded to Float (2⁻²⁴) and raised to at most the 63rd power.
    for (found, expected) in zip(rope.inverseFrequencies, exact) { #expect(abs(found / expected - 1) <= 64 * 0x1p-24) }
  }

  @Test func linearScalingAndFactorsDivide() throws {
    var parameters = GGMLRotaryParameters(mode: 0, dimensions: 8, base: 10_000)
    let plain = try #require(parameters.rotaryEmbedding(scaling: "none"))
    parameters.frequencyScale = 0.25
    parameters.factors = [1, 2, 4, 8]
    let scaled = try #require(parameters.rotaryEmbedding(scaling: "linear"))
    #expect(scaled.pairing == .interleaved && scaled.scaling == "linear" && scaled.magnitude == 1)
    for pair in 0..<4 {
      #expect(scaled.inverseFrequencies[pair] == plain.inverseFrequencies[pair] / [4, 8, 16, 32][pair])
    }
  }

  @Test func yarnKeepsFastPairsAndInterpolatesSlowOnes() throws {
    let parameters = GGMLRotaryParameters(
      mode: 2, dimensions: 128, originalContext: 4096, base: 10_000, frequencyScale: 1 / 16, extensionFactor: 1)
    let plain = RotaryEmbedding.unscaledFrequencies(dimensions: 128, base: 10_000)
    let rope = try #require(parameters.rotaryEmbedding(scaling: "yarn"))
    // Published range for these numbers: pairs up to 20 keep their frequency, pairs from 46 on are divided by 16
    // (64·ln(4096/(2π·32))/ln 10⁴ = 20.9, 64·ln(4096/2π)/ln 10⁴ = 45.03).
    for pair in 0...20 { #expect(abs(rope.inverseFrequencies[pair] / plain[pair] - 1) < 1e-5) }
    for pair in 46..<64 { #expect(abs(rope.inverseFrequencies[pair] / plain[pair] * 16 - 1) < 1e-5) }
    for pair in 21..<46 {
      #expect(rope.inverseFrequencies[pair] < plain[pair] && rope.inverseFrequencies[pair] > plain[pair] / 16)
    }
    // 1 + 0.1·ln 16
    #expect(abs(rope.magnitude - 1.277258872) < 1e-6)
  }

  @Test func whatCannotBeSaidIsNil() {
    #expect(GGMLRotaryParameters(mode: 24, dimensions: 8, base: 10_000).rotaryEmbedding(scaling: "none") == nil)
    #expect(GGMLRotaryParameters(mode: 0, dimensions: 8, base: 0).rotaryEmbedding(scaling: "none") == nil)
    #expect(GGMLRotaryParameters(mode: 0, dimensions: 8, base: .nan).rotaryEmbedding(scaling: "none") == nil)
    let zero = GGMLRotaryParameters(mode: 0, dimensions: 2, base: 10_000, factors: [0])
    #expect(zero.rotaryEmbedding(scaling: "none") == nil)
    let silent = GGMLRotaryParameters(mode: 0, dimensions: 2, base: 10_000, attentionFactor: 0)
    #expect(silent.rotaryEmbedding(scaling: "none") == nil)
  }
}
