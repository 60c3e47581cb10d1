import Commands
import Testing

struct RateCurveTests {
  private func curve(_ points: [(Double, Double)]) -> RateCurve {
    RateCurve(points.map { RateCurve.Point(ratio: $0.0, error: $0.1) })
  }

  @Test func frontierLeavesOutWhatOthersBeat() {
    let curve = curve([(2, 0.3), (8, 0.2), (4, 0.1), (8, 0.25), (3, 0.1), (9, .infinity)])
    #expect(curve.frontier.map(\.ratio) == [4, 8])
    #expect(curve.frontier.map(\.error) == [0.1, 0.2])
  }

  @Test func hardlyMoreRatioDoesNotMakeUpForMoreError() {
    #expect(curve([(4, 0.05), (4.07, 0.06)]).frontier.map(\.ratio) == [4])
    #expect(curve([(4, 0.05), (4.09, 0.06)]).frontier.map(\.ratio) == [4, 4.09])
    #expect(curve([(4, 0.05), (4, 0.05)]).frontier.count == 1)
  }

  @Test func betweenPointsLogarithmsAreLinear() {
    // Error goes up fourfold while the ratio doubles; half of that on the way.
    guard case .ratio(let ratio) = curve([(4, 0.05), (8, 0.2)]).reach(at: 0.1) else {
      Issue.record("not interpolated")
      return
    }
    #expect(abs(ratio - 4 * 2.0.squareRoot()) < 1e-12)
  }

  @Test func outsideThePointsNothingIsInvented() {
    let curve = curve([(4, 0.05), (8, 0.2)])
    #expect(curve.reach(at: 0.04) == .unreached)
    #expect(curve.reach(at: 0.05) == .ratio(4))
    #expect(curve.reach(at: 0.3) == .atLeast(8))
    #expect(self.curve([(1.2, 0), (8, 0.2)]).reach(at: 0.1) == .atLeast(1.2))
    #expect(self.curve([]).reach(at: 0.1) == .unreached)
  }
}
