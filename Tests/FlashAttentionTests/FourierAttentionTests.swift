import CacheCodec
import Fidelity
import FlashAttention
import KVCacheModel
import TestSupport
import Testing

@Suite struct FourierAttentionTests {
  /// Every way in which the parts of a layer may differ.
  static let cases: [FourierCase] = [
    FourierCase(),
    // Periods that are interpolated on: 8·16 = 128 points to 280 tokens, with strides 8, 16, 35; and one that is prime.
    FourierCase(states: 4), FourierCase(states: 8, period: 1120), FourierCase(states: 2), FourierCase(period: 283),
    FourierCase(tokens: 2100, states: 16, period: 2240), FourierCase(tokens: 5000, states: 64, period: 4976 + 144),
    // No middle, no window, no sinks, one token.
    FourierCase(tokens: 24), FourierCase(tokens: 25, states: 2), FourierCase(tokens: 1, sinks: 0, window: 0, states: 2),
    FourierCase(sinks: 0), FourierCase(window: 0), FourierCase(sinks: 0, window: 0, states: 4),
    FourierCase(sinks: 100, window: 150), FourierCase(tokens: 1024, sinks: 0, window: 0, states: 4),
    // All features spectral, or none, of keys, values or both.
    FourierCase(keyFraction: 1, valueFraction: 1), FourierCase(keyFraction: 0, valueFraction: 0),
    FourierCase(keyFraction: 0, valueFraction: 1), FourierCase(keyFraction: 1, valueFraction: 0),
    FourierCase(states: 4, keyFraction: 0, valueFraction: 1), FourierCase(states: 4, keyFraction: 1, valueFraction: 0),
    // All frequencies: n = P/2 among them.
    FourierCase(tokens: 64, states: 42, keyFraction: 1, valueFraction: 1), FourierCase(tokens: 65, states: 64),
    FourierCase(reconstruction: .published), FourierCase(states: 4, reconstruction: .published),
    FourierCase(coefficients: .float16), FourierCase(states: 4, coefficients: .float16),
    FourierCase(types: (.bfloat16, .bfloat16)), FourierCase(types: (.float32, .float32)),
    FourierCase(types: (.float16, .float32)), FourierCase(types: (.bfloat16, .float16)),
    FourierCase(softcap: 1.5), FourierCase(states: 4, softcap: 30),
    FourierCase(slidingWindow: 100), FourierCase(states: 4, slidingWindow: 290, firstPosition: 50, queries: 9),
    // Blocks of queries: causal, also within the middle and before anything.
    FourierCase(queries: 5), FourierCase(states: 4, queries: 40), FourierCase(states: 4, queries: 300),
    FourierCase(states: 12, queries: 300), FourierCase(states: 4, queries: 6, lastPosition: 400),
    FourierCase(firstPosition: 10, queries: 8, lastPosition: 13),
    FourierCase(kvHeads: 1, groupSize: 1), FourierCase(kvHeads: 3, groupSize: 3, headDim: 1), FourierCase(groupSize: 7),
    FourierCase(groupSize: 4, headDim: 64, states: 4, keyFraction: 0.8),
  ]

  @Test(arguments: cases) func agreesWithDecodedAttention(of test: FourierCase) throws {
    let (keys, values) = (test.parts(.key), test.parts(.value))
    let found = try test.layer().outputs(test.probes)
    let expected = DecodedReference.outputs(test.problem, keys: keys, values: values)
    #expect(found.count == test.geometry.queryHeads * test.queries * test.headDim)
    let worst = WorstError.between(found, expected)
    #expect(worst <= test.tolerance(keys, values), "\(worst)")
  }

  /// All small shapes.
  @Test func everySmallShape() throws {
    for tokens in 1...40 {
      for sinks in [0, 1, 3] {
        for window in [0, 2, 7] {
          let test = FourierCase(
            kvHeads: 1, headDim: 3, tokens: tokens, sinks: sinks, window: window, states: 6, keyFraction: 0.7,
            valueFraction: 0.4, queries: min(tokens, 3))
          let (keys, values) = (test.parts(.key), test.parts(.value))
          let found = try test.layer().outputs(test.probes)
          let expected = DecodedReference.outputs(test.problem, keys: keys, values: values)
          #expect(WorstError.between(found, expected) <= test.tolerance(keys, values), "\(test.testDescription)")
        }
      }
    }
  }

  @Test func nothingToSeeGivesZeros() throws {
    let test = FourierCase(firstPosition: 100, queries: 3, lastPosition: 50)
    #expect(try test.layer().outputs(test.probes).allSatisfy { $0 == 0 })
    #expect(try FourierCase(queries: 0).layer().outputs(FourierCase(queries: 0).probes).isEmpty)
  }

  @Test func partsMustAgree() throws {
    let test = FourierCase()
    var other = test
    other.window = 21
    let error = FlashAttentionError.unequalParts(
      keys: "4 + 276 + 20 tokens, 6 frequencies of period 276",
      values: "4 + 275 + 21 tokens, 6 frequencies of period 275")
    #expect(throws: error) {
      try FourierLayer(
        keys: test.parts(.key), values: other.parts(.value), geometry: test.geometry, scale: 1)
    }
  }

  /// A NaN reaches every output of the queries that see it, and no other.
  @Test(arguments: [4, 12]) func aNaNIsNotLost(states: Int) throws {
    let test = FourierCase(states: states, keyFraction: 0, valueFraction: 1)
    var tensor = test.tensor(.key)
    tensor.bytes.replaceSubrange(2 * 5 * 150..<2 * 5 * 150 + 2, with: [0, 0x7E])
    let layer = try FourierLayer(
      keys: FourierParts(tensor, test.parameters, fraction: 0), values: test.parts(.value), geometry: test.geometry,
      scale: test.scale)
    let found = layer.outputs(test.probes)
    #expect(found[..<10].allSatisfy(\.isNaN) && found[10...].allSatisfy(\.isFinite))
  }
}
