import CacheCodec
import Fidelity
import FlashAttention
import KVCacheModel
import TestSupport
import Testing

/// Decoding token by token: what leaves the window is folded into the coefficients.
@Suite struct FourierAppendingTests {
  /// Attention after appending against attention of parts made of all tokens with the same choice of features.
  ///
  /// Coefficients in single precision with as many features spectral as there are make the choice the same.
  private static func check(
    _ test: FourierCase, to end: Int, sizes: [Int], every: Int = .max, location: SourceLocation = #_sourceLocation
  ) throws {
    var layer = try test.layer()
    let (keys, values) = (test.tensor(.key, tokens: end), test.tensor(.value, tokens: end))
    var (tokens, step) = (test.tokens, 0)
    while tokens < end {
      let count = min(sizes[step % sizes.count], end - tokens)
      try layer.append(keys: keys.rows(tokens..<tokens + count), values: values.rows(tokens..<tokens + count))
      tokens += count
      step += 1
      guard step % every == 0 || tokens == end else { continue }
      var whole = test
      whole.tokens = tokens
      let parts = (whole.parts(.key), whole.parts(.value))
      let expected = DecodedReference.outputs(whole.problem, keys: parts.0, values: parts.1)
      // m additions move a coefficient by at most (m + 4)·2⁻²³ of its size and of Σ 2|x|/P ≤ 8 (numbers are ≤ 4); there
      // are 2N of them in a number, and 2·scale·D numbers of keys in a score.
      let drift = Double(tokens - test.tokens + 4) * 0x1p-23 * 16 * Double(test.states ?? 0)
      let bound =
        whole.tolerance(parts.0, parts.1) + drift * (1 + 4 * Double(test.headDim) * Double(test.scale) * 4)
      let worst = WorstError.between(layer.outputs(whole.probes), expected)
      #expect(worst <= bound, "\(worst) after \(tokens)", sourceLocation: location)
      #expect(layer.geometry.tokens == tokens && layer.sinks + layer.middle + layer.window == tokens)
    }
  }

  static let cases = [
    FourierCase(states: 12, period: 1000, keyFraction: 1, valueFraction: 1),
    FourierCase(states: 8, period: 1120, keyFraction: 1, valueFraction: 1, types: (.bfloat16, .float32)),
    FourierCase(window: 0, states: 4, period: 1024, keyFraction: 1, valueFraction: 1),
    FourierCase(window: 1, states: 4, period: 1021, keyFraction: 0, valueFraction: 1, types: (.float32, .float32)),
    FourierCase(tokens: 30, sinks: 2, states: 4, period: 1024, keyFraction: 0, valueFraction: 0),
    FourierCase(tokens: 200, window: 90, states: 4, period: 1024, keyFraction: 1, valueFraction: 0, softcap: 5),
  ]

  @Test(arguments: cases) func equalsPartsOfAllTokens(test: FourierCase) throws {
    try Self.check(test, to: 700, sizes: [1, 1, 7, 40, 1], every: 9)
  }

  /// Thousands of single steps, on a period that is interpolated on and on one that is not.
  @Test(arguments: [4480, 4489]) func thousandsOfSteps(period: Int) throws {
    let test = FourierCase(
      kvHeads: 1, headDim: 4, states: 16, period: period, keyFraction: 1, valueFraction: 1)
    try Self.check(test, to: 4300, sizes: [1], every: 1000)
  }

  @Test func exactFeaturesJoinTheMiddleBitForBit() throws {
    // With everything exact, attention equals that over the whole cache.
    let test = FourierCase(tokens: 50, keyFraction: 0, valueFraction: 0)
    try Self.check(test, to: 900, sizes: [1, 3], every: 100)
  }

  @Test func aFullPeriodIsRefused() throws {
    let test = FourierCase(period: 280)
    var layer = try test.layer()
    let (keys, values) = (test.tensor(.key, tokens: 310), test.tensor(.value, tokens: 310))
    try layer.append(keys: keys.rows(300..<304), values: values.rows(300..<304))
    let before = layer.outputs(test.probes)
    #expect(throws: FlashAttentionError.periodFull(period: 280)) {
      try layer.append(keys: keys.rows(304..<305), values: values.rows(304..<305))
    }
    #expect(layer.outputs(test.probes) == before && layer.geometry.tokens == 304)
  }

  @Test func thePublishedReconstructionIsRefused() throws {
    let test = FourierCase(period: 400, reconstruction: .published)
    var layer = try test.layer()
    let (keys, values) = (test.tensor(.key, tokens: 301), test.tensor(.value, tokens: 301))
    #expect(throws: FlashAttentionError.notExtensible) {
      try layer.append(keys: keys.rows(300..<301), values: values.rows(300..<301))
    }
  }
}
