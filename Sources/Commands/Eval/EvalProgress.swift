import Evaluation

/// How far an evaluation is.
public struct EvalProgress: Hashable, Sendable {
  /// Results of this run.
  public var done: Int
  /// Results that this run is to give.
  public var total: Int
  /// An estimate; nil before anything is done.
  public var secondsLeft: Double?
}

/// Counts results and work as they are done.
struct EvalTracker {
  private var estimate: TimeEstimate
  private var progress: EvalProgress
  private let start = ContinuousClock().now

  init(results: Int, work: Double) {
    estimate = TimeEstimate(total: work)
    progress = EvalProgress(done: 0, total: results)
  }

  /// Counts work, and results if it gave any.
  mutating func finish(_ work: Double, results: Int = 0) -> EvalProgress {
    estimate.finish(work)
    progress.done += results
    let elapsed = (ContinuousClock().now - start).components
    progress.secondsLeft = estimate.secondsLeft(
      elapsed: Double(elapsed.seconds) + 1e-18 * Double(elapsed.attoseconds))
    return progress
  }
}
