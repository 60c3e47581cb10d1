import ComputeKernels

/// The measured squared error of every group that `BitAllocation` may choose, a token, on sample coefficients.
struct DistortionTable: Sendable {
  static let sizes = [16, 64, 256, 1024]
  static let precisions = [2, 4, 8]

  /// k.
  let count: Int
  /// By start/16, then size, then precision; NaN where no such group exists.
  private let errors: [Double]
  /// The error of dropping 16 components, by start/16.
  private let energies: [Double]

  /// Measures on coefficients (samples, k).
  init(samples: [Float], count: Int) throws {
    self.count = count
    let rows = count == 0 ? 0 : samples.count / count
    let unit = Self.sizes[0]
    let starts = (count + unit - 1) / unit
    let perStart = try ParallelLoop.map(starts) { index -> [Double] in
      let start = index * unit
      var energy = 0.0
      for row in 0..<rows {
        for i in start..<min(start + unit, count) {
          energy += Double(samples[row * count + i] * samples[row * count + i])
        }
      }
      var result = [energy / Double(max(rows, 1))]
      for size in Self.sizes {
        guard size == unit || start + size <= count else {
          result += Self.precisions.map { _ in .nan }
          continue
        }
        result += Self.errors(samples, rows: rows, stride: count, group: start..<min(start + size, count))
      }
      return result
    }
    energies = perStart.map { $0[0] }
    errors = perStart.flatMap { $0.dropFirst() }
  }

  /// The error of a group at each precision.
  private static func errors(_ samples: [Float], rows: Int, stride: Int, group: Range<Int>) -> [Double] {
    samples.withUnsafeBufferPointer { samples in
      precisions.map { bits in
        var total = 0.0
        for row in 0..<rows {
          let numbers = UnsafeBufferPointer(
            rebasing: samples[row * stride + group.lowerBound..<row * stride + group.upperBound])
          let affine = AffineGroup(of: numbers, bits: bits)
          var error: Float = 0
          for x in numbers {
            let difference = x - affine.value(affine.quantise(x, bits: bits))
            error += difference * difference
          }
          total += Double(error)
        }
        return total / Double(max(rows, 1))
      }
    }
  }

  /// The error of quantising `group` with `bits`, or of dropping it for 0 bits.
  func error(_ group: Range<Int>, bits: Int) -> Double {
    let start = group.lowerBound / Self.sizes[0]
    guard bits > 0 else { return energies[start] }
    let size = Self.sizes.firstIndex { $0 >= group.count }!
    return errors[(start * Self.sizes.count + size) * Self.precisions.count + Self.precisions.firstIndex(of: bits)!]
  }
}
