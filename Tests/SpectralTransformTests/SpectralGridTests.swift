import Foundation
import SpectralTransform
import TestSupport
import Testing

@Suite struct SpectralGridTests {
  private static func coefficients(_ shape: TruncatedSpectrum, rows: Int, seed: UInt64) -> [Float] {
    var generator = RepeatableGenerator(seed: seed)
    return (0..<rows * shape.coefficientCount).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  /// The value at each token that a row of grid points stands for.
  private static func values(_ grid: SpectralGrid, _ row: ArraySlice<Float>) -> [Float] {
    let row = Array(row)
    guard grid.isInterpolated else { return row }
    return (0..<grid.spectrum.period).map { t in
      (0..<SpectralGrid.taps).reduce(0) {
        $0 + grid.weights[t % grid.stride * SpectralGrid.taps + $1] * row[t / grid.stride + $1]
      }
    }
  }

  static let shapes: [(period: Int, frequencies: Int, stride: Int)] = [
    (1, 1, 1), (2, 2, 1), (7, 3, 1), (12, 7, 1), (97, 5, 1), (127, 1, 1), (128, 1, 8), (128, 4, 8), (128, 5, 4),
    (896, 32, 8), (1120, 20, 16), (31_744 / 16, 32, 16), (2048, 2, 128), (1 << 15, 512, 16), (31_744, 512, 16),
    (130_048, 512, 64),
    (9 * 35, 2, 15), (10_007, 16, 1),
  ]

  @Test(arguments: shapes.indices) func expandsToTheSumOfCosines(index: Int) {
    let (period, frequencies, stride) = Self.shapes[index]
    let shape = TruncatedSpectrum(period: period, frequencies: frequencies)
    let grid = SpectralGrid(shape)
    #expect(grid.stride == stride && grid.points * grid.stride == period)
    let rows = 2
    let coefficients = Self.coefficients(shape, rows: rows, seed: 1)
    let points = grid.expand(coefficients, rows: rows)
    #expect(points.count == rows * grid.rowLength)
    let tested = Swift.stride(from: 0, to: period, by: max(1, period / 500 | 1))
    for row in 0..<rows {
      let own = Array(coefficients[row * shape.coefficientCount..<(row + 1) * shape.coefficientCount])
      let size = own.reduce(0.0) { $0 + Double(abs($1)) }
      // The window's error; an FFT of Q points rounds log₂Q times, factors and eight products ten times more, each of
      // numbers up to 3 times as large as the result.
      let bound = size * (SpectralGrid.windowError + 3 * (2 * log2(Double(grid.points) + 1) + 12) * 0x1p-24)
      let found = Self.values(grid, points[row * grid.rowLength..<(row + 1) * grid.rowLength])
      var worst = WorstError()
      for t in tested {
        var expected = 0.0
        for n in 0..<frequencies {
          let angle = 2 * Double.pi * Double(n * t % period) / Double(period)
          expected += Double(own[2 * n]) * cos(angle) + Double(own[2 * n + 1]) * sin(angle)
        }
        worst.add(found[t], expected)
      }
      #expect(worst.value <= bound)
    }
  }

  /// ⟨expand(c), s⟩ = ⟨c, project(s)⟩ for every shape: what attention's outputs rest on.
  @Test(arguments: shapes.indices) func projectIsTheTransposeOfExpand(index: Int) {
    let (period, frequencies, _) = Self.shapes[index]
    let shape = TruncatedSpectrum(period: period, frequencies: frequencies)
    let grid = SpectralGrid(shape)
    let coefficients = Self.coefficients(shape, rows: 1, seed: 2)
    var generator = RepeatableGenerator(seed: 3)
    let spread = (0..<grid.rowLength).map { _ in Float.random(in: -1...1, using: &generator) }
    func product(_ a: [Float], _ b: [Float]) -> (sum: Double, size: Double) {
      zip(a, b).reduce((0, 0)) { ($0.0 + Double($1.0) * Double($1.1), $0.1 + abs(Double($1.0) * Double($1.1))) }
    }
    let points = grid.expand(coefficients, rows: 1)
    let (left, right) = (product(points, spread), product(coefficients, grid.project(spread, rows: 1)))
    // Each side's numbers are off by (2·log₂Q + 8) roundings of sums over all others: at most √(N·Q) times the size.
    let norm = product(coefficients, coefficients).size.squareRoot() * product(spread, spread).size.squareRoot()
    let bound = norm * 3 * Double(grid.rowLength).squareRoot() * (2 * log2(Double(grid.points) + 1) + 8) * 0x1p-24
    #expect(abs(left.sum - right.sum) <= bound)
  }

  @Test func periodsThatSuit() {
    for (tokens, frequencies) in [(130_044, 512), (31_740, 512), (7164, 512), (100_003, 64), (5000, 10), (40, 3)] {
      let period = SpectralGrid.period(atLeast: tokens, frequencies: frequencies)
      #expect(period >= tokens && 64 * (period - tokens) <= tokens)
      let grid = SpectralGrid(TruncatedSpectrum(period: period, frequencies: frequencies))
      #expect(grid.isInterpolated == (tokens > 40))
      #expect(2 * grid.points >= 7 * frequencies || !grid.isInterpolated)
    }
    // No grid: the frequencies are too many.
    #expect(SpectralGrid.period(atLeast: 101, frequencies: 50) == 101)
  }
}
