/// How far restored keys and values are off, by the position of the token.
public struct DepthErrors: Hashable, Sendable {
  /// Neighbouring positions, equally many in each except for rounding, in order.
  public let buckets: [Range<Int>]
  /// ‖K−K̃‖₂/‖K‖₂ over a bucket's positions in one layer, averaged over layers; nil where no layer holds any of them.
  public internal(set) var keys: [Double?]
  public internal(set) var values: [Double?]

  /// The most buckets there are.
  static let mostBuckets = 64

  /// Buckets of the positions below `end`, without errors.
  init(end: Int) {
    let count = min(Self.mostBuckets, end)
    buckets = (0..<count).map { $0 * end / count..<($0 + 1) * end / count }
    keys = Array(repeating: nil, count: count)
    values = keys
  }
}

/// Σ(x−x̃)² and Σx² by bucket of one layer's keys or values.
struct DepthSums: Sendable {
  private var sums: [(difference: Double, full: Double)]

  /// Sums of tensors (H, T, D) whose row 0 has position `first`.
  init(
    full: [Float], restored: [Float], kvHeads: Int, tokens: Int, headDim: Int, firstPosition first: Int,
    buckets: [Range<Int>]
  ) {
    sums = Array(repeating: (0, 0), count: buckets.count)
    full.withUnsafeBufferPointer { full in
      restored.withUnsafeBufferPointer { restored in
        for (index, positions) in buckets.enumerated() {
          let held = positions.clamped(to: first..<first + tokens)
          var sum = (difference: 0.0, full: 0.0)
          for head in 0..<kvHeads where !held.isEmpty {
            let base = head * tokens - first
            for element in (base + held.lowerBound) * headDim..<(base + held.upperBound) * headDim {
              let x = Double(full[element])
              let off = x - Double(restored[element])
              sum.difference += off * off
              sum.full += x * x
            }
          }
          sums[index] = sum
        }
      }
    }
  }

  /// The relative error of each bucket; nil where it is not defined: nothing there, or numbers that are not finite.
  var errors: [Double?] {
    sums.map { sum in
      let error = (sum.difference / sum.full).squareRoot()
      return sum.full > 0 && error.isFinite ? error : nil
    }
  }

  /// The mean over layers of each bucket's errors, of those that have one.
  static func mean(_ layers: [[Double?]], count: Int) -> [Double?] {
    (0..<count).map { bucket in
      let errors = layers.compactMap { $0[bucket] }
      return errors.isEmpty ? nil : errors.reduce(0, +) / Double(errors.count)
    }
  }
}
