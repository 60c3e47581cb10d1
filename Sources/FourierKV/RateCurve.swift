import Foundation

/// What error a method reaches at what ratio.
public struct RateCurve: Hashable, Sendable {
  /// One setting of the method.
  public struct Point: Hashable, Sendable {
    /// 16-bit bytes of the cache over bytes of the file.
    public var ratio: Double
    /// Mean attention-output error.
    public var error: Double

    public init(ratio: Double, error: Double) {
      self.ratio = ratio
      self.error = error
    }
  }

  /// The points that no other beats in both ratio and error, by rising ratio and so by rising error.
  public let frontier: [Point]

  public init(_ points: [Point]) {
    var frontier: [Point] = []
    for point in points.sorted(by: { ($0.ratio, $1.error) > ($1.ratio, $0.error) })
    where point.error.isFinite && point.ratio > 0 && point.error < frontier.last?.error ?? .infinity {
      frontier.append(point)
    }
    self.frontier = frontier.reversed()
  }

  /// How far a method compresses at a given error.
  public enum Reach: Hashable, Sendable {
    /// Between two points, on a straight line in the logarithms of ratio and error.
    case ratio(Double)
    /// At least this: the error lies above that of the method's coarsest point, or between an exact point and the next.
    case atLeast(Double)
    /// All points have larger errors.
    case unreached
  }

  /// The ratio at which the method has the attention-output error `error`.
  public func reach(at error: Double) -> Reach {
    guard let index = frontier.lastIndex(where: { $0.error <= error }) else { return .unreached }
    let below = frontier[index]
    if below.error == error { return .ratio(below.ratio) }
    guard index + 1 < frontier.count, below.error > 0 else { return .atLeast(below.ratio) }
    let above = frontier[index + 1]
    let share = log(error / below.error) / log(above.error / below.error)
    return .ratio(below.ratio * pow(above.ratio / below.ratio, share))
  }
}
