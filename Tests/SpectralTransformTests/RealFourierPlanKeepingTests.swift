import Testing

@testable import SpectralTransform

/// Plans are kept, but not without end.
@Suite struct RealFourierPlanKeepingTests {
  @Test func plansOfManyLengthsDoNotFillTheMemory() {
    let lengths = (0..<12).map { (1 << 21) + 1024 * $0 }
    for length in lengths { _ = RealFourierPlan.plan(length: length) }
    let kept = RealFourierPlan.keptLengths
    #expect(kept.reduce(0, +) <= RealFourierPlan.mostKeptSamples && kept.contains(lengths[11]))
    // One that was forgotten is made again, and transforms as before.
    let plan = RealFourierPlan.plan(length: 8)
    for length in lengths { _ = RealFourierPlan.plan(length: length) }
    for used in [plan, RealFourierPlan.plan(length: 8)] {
      var (signal, spectrum) = ([Float](repeating: 1, count: 8), [Float](repeating: .nan, count: 10))
      used.forward(&signal, into: &spectrum)
      #expect(spectrum == [8] + [Float](repeating: 0, count: 9))
    }
  }
}
