import Foundation
import Testing

@testable import CacheCodec

@Suite struct StepCorrectionTests {
  /// Scales tried until the deviation is within 2.5 %, 8 at most.
  private static func trials(slope: Double, _ curve: (Double) -> Double) -> Int? {
    var correction = StepCorrection()
    for trial in 1...8 {
      let deviation = curve(correction.logScale)
      if abs(deviation) <= 0.025 { return trial }
      guard correction.update(deviation: deviation, slope: slope) else { return nil }
    }
    return nil
  }

  @Test func aStraightLineTakesTwoTrials() {
    for slope in [0.3, 1, 2, -0.2, -1] {
      for offset in [-1.0, -0.2, 0.3, 0.9] where abs(offset / slope) < log(5) {
        #expect(Self.trials(slope: slope) { slope * $0 + offset } == 2)
      }
    }
  }

  /// Slopes that are wrong by a factor of four either way, and curves that bend.
  @Test func wrongSlopesDoNotMatter() {
    for factor in [0.25, 0.5, 2, 4] {
      for sign in [1.0, -1] {
        for offset in [-0.6, -0.2, 0.2, 0.6] {
          #expect(Self.trials(slope: sign / factor) { sign * $0 + offset } != nil, "\(factor) \(sign) \(offset)")
          #expect(Self.trials(slope: sign / factor) { sign * sinh($0) + offset } != nil, "\(factor) \(sign) \(offset)")
        }
      }
    }
  }

  @Test func stepsChangeFivefoldAtMost() {
    var correction = StepCorrection()
    #expect(correction.update(deviation: 100, slope: 1) && correction.logScale == -log(5))
    #expect(correction.update(deviation: 100, slope: 1) && correction.logScale == -2 * log(5))
  }

  /// A scale that was tried in place of the proposed one counts as a trial at that scale.
  @Test func otherScalesMayBeTried() {
    var correction = StepCorrection()
    #expect(correction.update(deviation: 0.5, slope: 1, at: 0.2) && abs(correction.logScale - -0.3) < 1e-12)
    #expect(correction.update(deviation: -0.5, slope: 1, at: -0.8) && abs(correction.logScale - -0.3) < 1e-12)
  }

  @Test func whatIsNoNumberLeadsNowhere() {
    for (deviation, slope) in [(Double.infinity, 1.0), (.nan, 1), (1, .nan), (1, 0), (-.infinity, 1)] {
      var correction = StepCorrection()
      #expect(!correction.update(deviation: deviation, slope: slope) && correction.logScale == 0)
    }
  }
}
