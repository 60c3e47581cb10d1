/// Numbers far larger than all others of their head, which a step may be too coarse for: where attention has settled on
/// one token, small changes of its key change nothing, so that the weights allow any; losing it changes everything.
enum LoneNumbers {
  /// A number stands alone if its square is this many times the mean square of the head's others: 64 root mean squares.
  /// Normal deviates reach 5, what models make of tokens that attention collects in reaches some tens; to keep those
  /// exact costs more than it brings (Gemma-3-270M at 20×: an error of 0.48 for 0.44 from 32 on).
  static let distance: Float = 4096
  /// In steps: larger ones come back from their coefficients.
  static let safeSteps: Float = 64

  /// The blocks of a segment that hold numbers which stand alone and are not safe; ascending.
  ///
  /// - Parameters:
  ///   - samples: weighted features, (rows, n), heads of D after one another.
  ///   - step: the segment's.
  static func blocks(in samples: [Float], headDim: Int, features n: Int, blockLength: Int, step: Float) -> [Int] {
    guard n > 0, headDim > 0 else { return [] }
    let rows = samples.count / n
    // Among a few numbers, none can be told to stand alone.
    guard rows * headDim >= 256 else { return [] }
    let limit = safeSteps * step * safeSteps * step
    var found: Set<Int> = []
    samples.withUnsafeBufferPointer { samples in
      for head in 0..<n / headDim {
        var energy = 0.0
        var largest: Float = 0
        for row in 0..<rows {
          let start = row * n + head * headDim
          for place in start..<start + headDim {
            let square = samples[place] * samples[place]
            energy += Double(square)
            largest = max(largest, square)
          }
        }
        // Most heads end here: the mean over all is above that of the others.
        guard energy.isFinite, Double(largest) > Double(distance) * (energy - Double(largest)) / Double(rows * headDim)
        else { continue }
        for row in 0..<rows {
          let start = row * n + head * headDim
          for place in start..<start + headDim {
            let square = samples[place] * samples[place]
            let others = (energy - Double(square)) / Double(rows * headDim)
            if square > 0, square < limit, Double(square) > Double(distance) * others {
              found.insert(row / blockLength)
            }
          }
        }
      }
    }
    return found.sorted()
  }
}
