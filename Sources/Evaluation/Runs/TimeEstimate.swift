/// How long a run will last: what is left takes as long, a unit of work, as what is done took.
public struct TimeEstimate: Hashable, Sendable {
  /// Work in all, in any unit; 0 or more.
  public let total: Double
  /// Work done.
  public private(set) var done = 0.0

  /// An estimate for `total` units of work.
  public init(total: Double) {
    precondition(total >= 0)
    self.total = total
  }

  /// Counts work as done, at most what is left.
  public mutating func finish(_ work: Double) {
    precondition(work >= 0)
    done = min(total, done + work)
  }

  /// elapsed · (total − done) / done, in seconds; nil while nothing is done.
  public func secondsLeft(elapsed seconds: Double) -> Double? {
    done > 0 ? seconds * (total - done) / done : nil
  }
}
