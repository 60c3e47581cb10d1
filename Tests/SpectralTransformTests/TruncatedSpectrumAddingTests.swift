import SpectralTransform
import TestSupport
import Testing

@Suite struct TruncatedSpectrumAddingTests {
  /// Coefficients of numbers of at most 1 are at most 2. Each of the products' sums over at most 256 samples is off by
  /// (256 + 2)·2⁻²⁴ of Σ 2|x|/P ≤ 2, and each sum that goes into a coefficient is rounded once.
  private static func bound(count: Int) -> Double {
    Double(min(count, 256) + 2 + (count + 255) / 256) * 2 * 0x1p-24
  }

  @Test(arguments: [1, 2, 3, 8, 15, 40, 600], [1, 3]) func allSignalsAtOnce(period: Int, signals: Int) {
    let shape = TruncatedSpectrum(period: period, frequencies: min(period / 2 + 1, 9))
    for (start, count) in [(0, period), (period / 2, period - period / 2), (period - 1, 1), (0, 0)] {
      let samples = RealFourierPlanTests.signal(count * signals)
      let old = RealFourierPlanTests.signal(shape.coefficientCount * signals)
      var found = old
      shape.add(samples, signals: signals, at: start, to: &found)
      for signal in 0..<signals {
        let own = (0..<count).map { Double(samples[$0 * signals + signal]) }
        let added = TruncatedSpectrum.Reference.forward(Array(repeating: 0, count: start) + own, shape)
        let expected = added.indices.map { Double(old[$0 * signals + signal]) + added[$0] }
        let column = added.indices.map { found[$0 * signals + signal] }
        #expect(WorstError.between(column, expected) <= Self.bound(count: count))
      }
      if count == 0 { #expect(found == old) }
    }
  }

  @Test func noSignals() {
    var none: [Float] = []
    TruncatedSpectrum(period: 8, frequencies: 3).add([], signals: 0, at: 0, to: &none)
    #expect(none.isEmpty)
  }
}
