#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What passes over parts of the tokens add up for a few queries, each against the largest score it has met.
///
/// Sums over disjoint parts are brought to one maximum by `weight(_:toward:)`. One pass at a time may add to them.
public final class AttentionSums: @unchecked Sendable {
  /// 1 or 4.
  public let queries: Int
  /// Value features.
  public let features: Int
  /// (features, queries, lanes): Σ exp(score − maximum)·value, lane by lane.
  private var lanes: [Float]
  /// The largest score; −∞ before any.
  public private(set) var maximum: [Float]
  /// Σ exp(score − maximum).
  public private(set) var sum: [Float]
  /// (queries, stride): Σ weight·exp(score − maximum); empty without a grid.
  public private(set) var spread: [Float]
  /// (tiles, R, queries, lanes): scores to begin with, then exp(score − maximum); empty where scores begin at 0.
  public private(set) var scores: [Float]

  /// No tokens yet.
  public init(queries: Int, features: Int, spread: Int = 0, scores: [Float] = []) {
    self.queries = queries
    self.features = features
    lanes = Array(repeating: 0, count: features * queries * TokenTiles.lanes)
    maximum = Array(repeating: -.infinity, count: queries)
    sum = Array(repeating: 0, count: queries)
    self.spread = Array(repeating: 0, count: spread)
    self.scores = scores
  }

  /// Σ exp(score − maximum)·value of one feature.
  public func output(feature: Int, query: Int) -> Float {
    let start = (feature * queries + query) * TokenTiles.lanes
    return lanes[start..<start + TokenTiles.lanes].reduce(0, +)
  }

  /// exp(maximum − `most`), what a query's sums are multiplied by to join others; 0 where it saw nothing.
  public func weight(_ query: Int, toward most: Float) -> Float {
    maximum[query] == -.infinity && !sum[query].isNaN ? 0 : exp(maximum[query] - most)
  }

  func withPointers(
    _ body: (
      UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?,
      UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?
    ) -> Void
  ) {
    lanes.withUnsafeMutableBufferPointer { lanes in
      maximum.withUnsafeMutableBufferPointer { maximum in
        sum.withUnsafeMutableBufferPointer { sum in
          spread.withUnsafeMutableBufferPointer { spread in
            scores.withUnsafeMutableBufferPointer {
              body(lanes.baseAddress, maximum.baseAddress, sum.baseAddress, spread.baseAddress, $0.baseAddress)
            }
          }
        }
      }
    }
  }
}
