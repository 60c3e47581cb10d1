import Evaluation
import Testing

@Suite struct TimeEstimateTests {
  @Test func whatIsLeftTakesAsLongAsWhatIsDone() {
    var estimate = TimeEstimate(total: 8)
    #expect(estimate.secondsLeft(elapsed: 5) == nil)
    estimate.finish(2)
    #expect(estimate.secondsLeft(elapsed: 5) == 15)
    estimate.finish(0)
    #expect(estimate.done == 2)
    estimate.finish(7)
    #expect(estimate.done == 8 && estimate.secondsLeft(elapsed: 5) == 0)
    #expect(TimeEstimate(total: 0).secondsLeft(elapsed: 1) == nil)
  }
}
