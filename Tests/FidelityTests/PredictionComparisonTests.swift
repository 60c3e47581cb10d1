import Fidelity
import Foundation
import Testing

@Suite struct PredictionComparisonTests {
  /// Gathers tokens given as logits over both caches and the token that follows.
  private func comparison(_ tokens: [(full: [Float], restored: [Float], next: Int32)]) -> PredictionComparison {
    var result = PredictionComparison()
    for token in tokens {
      token.full.withUnsafeBufferPointer { full in
        token.restored.withUnsafeBufferPointer { result.add(full: full, restored: $0, next: token.next) }
      }
    }
    return result
  }

  /// p = (1/2, 1/4, 1/4) and q = (1/4, 1/2, 1/4): KL = ½ ln 2 − ¼ ln 2 = ¼ ln 2.
  private let halves: [Float] = [Float(log(2.0)), 0, 0]
  private let swapped: [Float] = [0, Float(log(2.0)), 0]
  /// ln 2 as a Float is off by less than 2⁻²⁵, and so is each log-probability made of it; sums of three terms and a
  /// mean of two stay within 2⁻²².
  private let tolerance = 0x1p-22

  @Test func matchesValuesByHand() {
    let found = comparison([(halves, swapped, 0), (halves, halves, 1)])
    #expect(found.count == 2)
    #expect(abs(found.divergences[0] - log(2.0) / 4) < tolerance && found.divergences[1] == 0)
    #expect(found.meanDivergence == found.divergences[0] / 2)
    #expect(found.largestDivergence == found.divergences[0])
    // −ln p is ln 2 and ln 4, −ln q is ln 4 and ln 4.
    #expect(abs(found.perplexityFull - exp(1.5 * log(2.0))) < 4 * tolerance)
    #expect(abs(found.perplexityRestored - 4) < 4 * tolerance)
    #expect(found.topAgreement == 0.5)
  }

  /// A softmax does not change if all logits move together; here by powers of two, which Floats hold exactly.
  @Test func logitsAreUpToAConstant() {
    let found = comparison([([1, 2, 4], [1 + 1024, 2 + 1024, 4 + 1024], 2)])
    #expect(found.divergences[0] < 1e-12 && found.topAgreement == 1)
    #expect(abs(found.perplexityFull - found.perplexityRestored) < 1e-12)
  }

  @Test func equalLogitsAreExactlyEqual() {
    let logits = (0..<1000).map { Float(sin(Double($0))) * 30 }
    let found = comparison([(logits, logits, 7), (logits, logits, 999)])
    #expect(found.divergences == [0, 0] && found.topAgreement == 1)
    #expect(found.perplexityFull == found.perplexityRestored)
  }

  /// 90 below, e⁻⁹⁰ is still a Double: KL(p‖q) is 90 and not infinite.
  @Test func largeLogitsDoNotOverflow() {
    let found = comparison([([300, 210], [210, 300], 0)])
    #expect(abs(found.meanDivergence - 90) < 1e-9)
    #expect(found.perplexityFull == 1 && abs(log(found.perplexityRestored) - 90) < 1e-9)
  }

  @Test func whatTheFullCacheRulesOutDoesNotCount() {
    let found = comparison([([0, -.infinity], [0, -.infinity], 0)])
    #expect(found.divergences == [0] && found.perplexityRestored == 1)
    // Ruled out by q alone, it is infinitely far away.
    #expect(comparison([([0, 0], [0, -.infinity], 0)]).divergences == [.infinity])
  }

  @Test func surprisalOfOneToken() {
    let logits: [Float] = [0, 1, -1]
    let sum = 1 + exp(1.0) + exp(-1.0)
    logits.withUnsafeBufferPointer {
      #expect(abs(PredictionComparison.surprisal(of: 1, $0) - (log(sum) - 1)) < 1e-15)
      #expect(abs(PredictionComparison.surprisal(of: 2, $0) - (log(sum) + 1)) < 1e-15)
    }
    [Float.nan, 0].withUnsafeBufferPointer { #expect(PredictionComparison.surprisal(of: 1, $0) == .infinity) }
  }

  @Test func notANumberNeverPasses() {
    let found = comparison([([0, 1], [.nan, 1], 1)])
    #expect(found.divergences == [.infinity] && found.perplexityRestored == .infinity)
  }

  /// Of equal logits the lowest id is on top.
  @Test func tiesGoToTheLowestToken() {
    #expect(comparison([([5, 5, 1], [5, 4, 1], 0)]).topAgreement == 1)
    #expect(comparison([([5, 5, 1], [4, 5, 1], 0)]).topAgreement == 0)
  }

  /// Of 100 different divergences the 99th in order is p99; of 101 it is the 100th.
  @Test(arguments: [(1, 0), (2, 1), (99, 98), (100, 98), (101, 99), (200, 197)]) func quantilesAreNearestRanks(
    count: Int, index: Int
  ) {
    // Divergence grows with the logit: KL((½, ½) ‖ softmax(x, 0)) is even and increasing in |x|.
    let found = comparison((0..<count).reversed().map { ([0, 0], [Float($0) / 64, 0], 0) })
    let ordered = found.divergences.sorted()
    #expect(Set(ordered).count == count)
    #expect(found.divergence(quantile: 0.99) == ordered[index])
    #expect(found.divergence(quantile: 0) == ordered[0] && found.divergence(quantile: 1) == ordered[count - 1])
  }

  @Test func nothingWasAdded() {
    let found = PredictionComparison()
    #expect(found.count == 0 && found.meanDivergence == 0 && found.largestDivergence == 0)
    #expect(found.divergence(quantile: 0.99) == 0 && found.topAgreement == 1)
    #expect(found.perplexityFull == 1 && found.perplexityRestored == 1)
  }
}
