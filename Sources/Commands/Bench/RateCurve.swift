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

  /// A point is beaten by one of less error whose ratio is at most this factor short of its own: two knobs of one method
  /// would otherwise make steps of nearly one ratio.
  static let tolerance = 1.02

  /// The points that no other beats, by rising ratio and so by rising error.
  public let frontier: [Point]

  public init(_ points: [Point]) {
    frontier = Set(points.filter { $0.error.isFinite && $0.ratio > 0 })
      .sorted { ($0.ratio, $1.error) < ($1.ratio, $0.error) }
      .filter { point in
        !points.contains {
          $0.error < point.error && $0.ratio * Self.tolerance >= point.ratio
            || $0.error == point.error && $0.ratio > point.ratio
        }
      }
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
