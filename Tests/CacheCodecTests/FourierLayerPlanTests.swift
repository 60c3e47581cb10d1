import KVCacheModel
import Testing

@testable import CacheCodec

@Suite struct FourierLayerPlanTests {
  @Test(arguments: Array(0...40) + [1000, 4096, 33_792]) func partsFillEveryLayer(tokens: Int) {
    for sinks in [0, 1, 4, 50] {
      for window in [nil, 0, 1, 7, 5000] {
        for states in [nil, 2, 8, 100_000] {
          for period in [nil, 1, 60, 100_000] {
            for fraction in [0, 0.3, 0.8, 1] {
              var parameters = FourierParameters()
              parameters.sinks = sinks
              parameters.window = window
              parameters.states = states
              parameters.period = period
              let plan = FourierLayerPlan(parameters, tokens: tokens, features: 7, fraction: fraction)
              let isSplit = plan.sinks >= 0 && plan.middle >= 0 && plan.window >= 0
              let isFilled = plan.sinks + plan.middle + plan.window == tokens
              let isAsAsked = plan.sinks <= sinks && window.map { plan.window <= $0 } ?? true
              let spectral = plan.middle == 0 ? 0 : [0: 0, 0.3: 2, 0.8: 5, 1: 7][fraction]!
              let isCoded =
                spectral == 0
                ? plan.frequencies == 0 && plan.period == plan.middle
                : plan.period == max(plan.middle, period ?? 0) && (1...plan.period / 2 + 1).contains(plan.frequencies)
              guard isSplit, isFilled, isAsAsked, plan.spectralFeatures == spectral, isCoded else {
                Issue.record("\(plan) for \(tokens) tokens, \(parameters), fraction \(fraction)")
                return
              }
            }
          }
        }
      }
    }
  }

  /// The paper's numbers where the prompt is long enough, quarters where it is not.
  @Test func defaults() {
    func plan(_ tokens: Int) -> FourierLayerPlan {
      FourierLayerPlan(FourierParameters(), tokens: tokens, features: 64, fraction: 0.75)
    }
    let long = plan(33_792)
    #expect(long.sinks == 4 && long.window == 1020 && long.middle == 32_768)
    #expect(long.frequencies == 512 && long.period == 32_768 && long.spectralFeatures == 48)
    let short = plan(100)
    #expect(short.sinks == 4 && short.window == 25 && short.middle == 71)
    #expect(short.frequencies == 8 && short.period == 71)
    let tiny = plan(5)
    #expect(tiny.sinks == 4 && tiny.window == 1 && tiny.middle == 0 && tiny.spectralFeatures == 0)
  }

  @Test func publishedFractions() {
    func fractions(_ kind: CacheKind, _ layers: Int) -> [Double] {
      (0..<layers).map { FourierParameters.publishedFraction(kind, layer: $0, of: layers) }
    }
    let (keys, values) = (fractions(.key, 28), fractions(.value, 28))
    #expect(
      keys == Array(repeating: 0.9, count: 4) + Array(repeating: 0.8, count: 16) + Array(repeating: 0.5, count: 8))
    #expect(
      values == Array(repeating: 0.95, count: 4) + Array(repeating: 0.8, count: 16) + Array(repeating: 0.7, count: 8))
    #expect(fractions(.key, 1) == [0.9])
    var given = FourierParameters()
    given.keyFraction = 0.25
    #expect(given.fraction(.key, layer: 0, of: 28) == 0.25 && given.fraction(.value, layer: 0, of: 28) == 0.95)
  }
}
