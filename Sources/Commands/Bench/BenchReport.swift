import KVCacheModel

/// The results on one cache.
public struct BenchReport: Sendable {
  /// The capture's path.
  public var capture: String
  public var description: CacheDescription
  /// In the order of the methods.
  public var points: [BenchPoint]
  /// Methods that could not take this cache, and why.
  public var skipped: [Skip]

  /// A method or setting that was left out.
  public struct Skip: Hashable, Sendable {
    public var method: String
    /// Empty if it holds for all settings.
    public var setting: String
    public var reason: String
  }

  /// Names of the methods that have points, in order.
  public var methods: [String] {
    points.reduce(into: []) { if $0.last != $1.method, !$0.contains($1.method) { $0.append($1.method) } }
  }

  /// The points of one method by ratio.
  public func curve(_ method: String) -> RateCurve {
    RateCurve(
      points.filter { $0.method == method }.map {
        RateCurve.Point(ratio: $0.size.ratio, error: $0.comparison.attention.mean)
      })
  }
}
