#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Coarser steps for the values of tokens that get little attention (docs/method.md).
enum AttentionBlockCodes {
  /// The largest factor of a step.
  static let coarsest: Float = 4

  /// For each segment outside the window, each block's code: the step grows with (ā / a)^½, from 1 to 4, where a is the
  /// block's mean attention over layers, heads and probe queries and ā that of all blocks.
  static func codes(masses: [[Float]], plan: SegmentPlan, blockLength: Int) -> [[UInt8]] {
    guard let first = masses.first else { return [] }
    let mass = first.indices.map { t in masses.reduce(Float(0)) { $0 + $1[t] } }
    let blocks = plan.segments.map { segment in
      stride(from: segment.rows.lowerBound, to: segment.rows.upperBound, by: blockLength).map { start in
        let rows = start..<min(start + blockLength, segment.rows.upperBound)
        return mass[rows].reduce(0, +) / Float(rows.count)
      }
    }
    let body = zip(plan.segments, blocks).filter { $0.0.zone == .body }.flatMap { $0.1 }
    let mean = body.reduce(0, +) / Float(max(body.count, 1))
    return zip(plan.segments, blocks).map { segment, masses in
      segment.zone != .body
        ? []
        : masses.map { mass in
          let factor = mass > 0 ? min(max((mean / mass).squareRoot(), 1), coarsest) : coarsest
          return UInt8((8 * log2f(factor)).rounded())
        }
    }
  }
}
