import KVCacheModel
import Testing

@testable import CacheCodec

@Suite struct SegmentPlanTests {
  static let plans = [
    SpectralParameters(), SpectralCases.parameters(), SpectralCases.parameters(block: 1, sinks: 0, window: 0),
    SpectralCases.parameters(block: 3, sinks: 7, window: 50), SpectralCases.parameters(window: 64, coding: .lossless),
    SpectralCases.parameters(sinks: 1000), SpectralCases.parameters(window: 1000),
    SpectralCases.parameters(segment: 16),
  ]

  @Test(arguments: plans.indices) func everyRowIsCoveredOnce(index: Int) {
    let parameters = Self.plans[index]
    for tokens in 0...300 {
      let plan = SegmentPlan(parameters, tokens: tokens)
      let parts = (plan.exact + plan.segments.map(\.rows)).sorted { $0.lowerBound < $1.lowerBound }
      #expect(parts.allSatisfy { !$0.isEmpty } && parts.flatMap { Array($0) } == Array(0..<tokens), "\(tokens) tokens")
      #expect(plan.exact == plan.exact.sorted { $0.lowerBound < $1.lowerBound })
      #expect(plan.segments.map(\.rows.lowerBound) == plan.segments.map(\.rows.lowerBound).sorted())
      // Body segments are full except for the last, and so start on blocks; the window comes after them, coarser first.
      let body = plan.segments.filter { $0.zone == .body }
      #expect(body.dropLast().allSatisfy { $0.rows.count == parameters.segmentTokens })
      #expect((body.last?.rows.count ?? 0) <= parameters.segmentTokens)
      for segment in body {
        #expect((segment.rows.lowerBound - body[0].rows.lowerBound) % parameters.blockLength == 0)
      }
      let zones = plan.segments.map(\.zone).filter { $0 != .body }
      #expect(
        [[], [.latest], [.window, .latest]].contains(zones) && plan.segments.map(\.zone).suffix(zones.count) == zones)
      if let graded = plan.segments.first(where: { $0.zone == .window }) {
        #expect(graded.rows.count % parameters.blockLength == 0)
      }
      #expect(
        plan.exact.first.map { $0 == 0..<min(parameters.sinks, tokens) }
          ?? (parameters.sinks == 0 || tokens == 0
            || parameters.windowCoding == .lossless))
    }
  }

  @Test func theAutomaticWindow() {
    func window(_ tokens: Int) -> Int {
      SegmentPlan(SpectralParameters(), tokens: tokens).segments.filter { $0.zone != .body }.reduce(0) {
        $0 + $1.rows.count
      }
    }
    #expect(window(7) == 0 && window(8) == 4 && window(128) == 16 && window(129) == 16 && window(136) == 32)
    #expect(window(2048) == 256 && window(100_000) == 256)
    let plan = SegmentPlan(SpectralParameters(), tokens: 4096)
    #expect(plan.segments.map(\.rows) == [4..<2052, 2052..<3840, 3840..<3936, 3936..<4096])
    #expect(plan.segments.map(\.zone) == [.body, .body, .window, .latest])
  }

  /// A ratio says nothing of what will be asked, so it does not favour the window as an error does.
  @Test func stepsOfTheWindow() {
    func factors(_ change: (inout SpectralParameters) -> Void) -> [[Float]] {
      var parameters = SpectralParameters()
      change(&parameters)
      let plan = SegmentPlan(parameters, tokens: 4096)
      return CacheKind.allCases.map { kind in plan.segments.map { plan.stepFactor($0, kind) } }
    }
    let fine: [[Float]] = [[1, 1, 0.25, 0.125], [1, 1, 0.25, 0.1]]
    let even: [[Float]] = [[1, 1, 0.5, 0.35], [1, 1, 0.5, 0.3]]
    #expect(factors { _ in } == fine && factors { $0.rate = .targetError(0.1) } == fine)
    #expect(factors { $0.rate = .step(0.1) } == fine && factors { $0.rate = .ratio(20) } == even)
    #expect(factors { ($0.rate, $0.windowSteps) = (.ratio(20), .fine) } == fine)
    #expect(factors { ($0.rate, $0.windowSteps) = (.step(1), .even) } == even)
  }

  @Test func aLosslessWindowIsExact() {
    let plan = SegmentPlan(SpectralCases.parameters(window: 30, coding: .lossless), tokens: 100)
    #expect(plan.exact == [0..<4, 70..<100] && plan.segments.map(\.rows) == [4..<68, 68..<70])
  }
}
