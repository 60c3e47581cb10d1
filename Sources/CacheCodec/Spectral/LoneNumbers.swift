/// Numbers far larger than all others of their head, which a step may be too coarse for: where attention has settled on
/// one token, small changes of its key change nothing, so that the weights allow any; losing it changes everything.
enum LoneNumbers {
  /// A number stands alone if its square is this many times the mean square of the head's others: 64 root mean squares.
  /// Normal deviates reach 5, what models make of tokens that attention collects in reaches some tens, and to keep those
  /// exact costs more than it brings (docs/method.md).
  static let distance = 4096.0
  /// In steps: larger ones come back from their coefficients.
  static let safeSteps: Float = 64
  /// Among fewer numbers of a head, none can be told to stand alone.
  static let fewest = 256

  /// The blocks of a segment that hold numbers which stand alone and are not safe; ascending.
  ///
  /// - Parameters:
  ///   - samples: weighted features, (rows, n), heads of D after one another.
  ///   - step: the segment's.
  static func blocks(in samples: [Float], headDim: Int, features n: Int, blockLength: Int, step: Float) -> [Int] {
    guard n > 0, headDim > 0, samples.count / n * headDim >= fewest else { return [] }
    let (rows, heads) = (samples.count / n, n / headDim)
    let count = Double(rows * headDim)
    let safe = safeSteps * step * safeSteps * step
    return samples.withUnsafeBufferPointer { samples in
      var squares = [(sum: Double, largest: Float)](repeating: (0, 0), count: heads)
      for row in 0..<rows {
        for head in 0..<heads {
          let (sum, largest) = Self.squares(of: samples.baseAddress! + row * n + head * headDim, count: headDim)
          squares[head].sum += Double(sum)
          squares[head].largest = max(squares[head].largest, largest)
        }
      }
      func standsAlone(_ square: Float, in head: Int) -> Bool {
        Double(square) > distance * (squares[head].sum - Double(square)) / count
      }
      let suspects = squares.indices.filter { squares[$0].sum.isFinite && standsAlone(squares[$0].largest, in: $0) }
      guard !suspects.isEmpty else { return [] }
      let found = (0..<rows).filter { row in
        suspects.contains { head in
          (0..<headDim).contains {
            let number = samples[row * n + head * headDim + $0]
            return number != 0 && number * number < safe && standsAlone(number * number, in: head)
          }
        }
      }
      return Set(found.map { $0 / blockLength }).sorted()
    }
  }

  /// Sum and largest of the squares of some numbers, eight at a time, in an order that no machine changes.
  private static func squares(of numbers: UnsafePointer<Float>, count: Int) -> (sum: Float, largest: Float) {
    var sums = SIMD8<Float>.zero
    var most = SIMD8<Float>.zero
    let whole = count / 8 * 8
    for place in stride(from: 0, to: whole, by: 8) {
      let part = UnsafeRawPointer(numbers + place).loadUnaligned(as: SIMD8<Float>.self)
      sums += part * part
      most.replace(with: part * part, where: part * part .> most)
    }
    var (sum, largest) = (sums.sum(), most.max())
    for place in whole..<count {
      sum += numbers[place] * numbers[place]
      largest = max(largest, numbers[place] * numbers[place])
    }
    return (sum, largest)
  }
}
