import ComputeKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension TruncatedSpectrum {
  /// Samples that share one table of cosines and sines.
  private static let tile = 256

  /// Adds samples of many signals at positions `start` … `start + count` − 1 to coefficients that were computed without
  /// them: `add(_:at:to:)` for all signals at once, as a product with a table of cosines and sines.
  ///
  /// - Shape: `samples` is (count, signals), `coefficients` (2N, signals): row 2n holds aₙ, row 2n + 1 bₙ.
  /// - Accuracy: a coefficient is off by at most (count + 4)·2⁻²⁴·(its own size + Σ 2|x|/P).
  /// - Complexity: O(count · N · signals).
  public func add(_ samples: [Float], signals: Int, at start: Int, to coefficients: inout [Float]) {
    let count = signals == 0 ? 0 : samples.count / signals
    precondition(samples.count == count * signals && coefficients.count == coefficientCount * signals)
    precondition(start >= 0 && start + count <= period, "positions beyond the period")
    for first in stride(from: 0, to: count, by: Self.tile) {
      let rows = min(Self.tile, count - first)
      let table = table(positions: start + first..<start + first + rows)
      table.withUnsafeBufferPointer { table in
        samples.withUnsafeBufferPointer { samples in
          coefficients.withUnsafeMutableBufferPointer {
            MatrixProduct.multiply(
              MatrixView(table.baseAddress!, rows: rows, columns: coefficientCount), transposeA: true,
              by: MatrixView(samples.baseAddress! + first * signals, rows: rows, columns: signals),
              into: $0.baseAddress!, accumulate: true)
          }
        }
      }
    }
  }

  /// What a sample of 1 adds to each coefficient, (positions, 2N).
  private func table(positions: Range<Int>) -> [Float] {
    var table: [Float] = []
    table.reserveCapacity(positions.count * coefficientCount)
    for t in positions {
      for n in 0..<frequencies {
        let weight = (n == 0 || 2 * n == period ? 1.0 : 2.0) / Double(period)
        // n·t mod P keeps the angle small, so that late samples are as exact as early ones.
        let angle = 2 * Double.pi * Double(n * t % period) / Double(period)
        table.append(Float(weight * cos(angle)))
        // b of n = P/2 meets sines that are 0 (formats/fkv.md §9.3).
        table.append(2 * n == period ? 0 : Float(weight * sin(angle)))
      }
    }
    return table
  }
}
