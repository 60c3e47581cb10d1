import ComputeKernels
import TestSupport
import Testing

@Suite struct MatrixProductTests {
  struct Shape: CustomStringConvertible, Sendable {
    var m: Int, k: Int, n: Int
    var description: String { "\(m)×\(k)×\(n)" }
  }

  static let shapes = [0, 1, 2, 3, 5, 17].flatMap { m in
    [0, 1, 2, 7, 33].flatMap { k in [0, 1, 4, 9].map { n in Shape(m: m, k: k, n: n) } }
  }

  private static func numbers(_ count: Int, _ generator: inout RepeatableGenerator) -> [Float] {
    (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  /// A sum of k products of numbers of at most 1 has an error of at most k·(k·ε/2) in any order, scaling and adding to
  /// the target two roundings more; ε/2 = 2⁻²⁴.
  private static func tolerance(_ k: Int) -> Double { Double((k + 2) * (k + 2)) * 2 * 0x1p-24 }

  @Test(arguments: shapes) func productsAgreeWithADoubleLoop(shape: Shape) {
    let (m, k, n) = (shape.m, shape.k, shape.n)
    var generator = RepeatableGenerator(seed: 7)
    for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
      for accumulate in [false, true] {
        let (aRows, aColumns) = ta ? (k, m) : (m, k)
        let (bRows, bColumns) = tb ? (n, k) : (k, n)
        // Strides beyond the columns: what lies between must not be read or written.
        let (aStride, bStride, cStride) = (aColumns + 2, bColumns + 1, n + 3)
        let a = Self.numbers(max(1, aRows * aStride), &generator)
        let b = Self.numbers(max(1, bRows * bStride), &generator)
        // Without accumulation, what the target held before must not matter, not even a NaN.
        let before =
          accumulate
          ? Self.numbers(max(1, m * cStride), &generator) : Array(repeating: .nan, count: max(1, m * cStride))
        var c = before
        MatrixProduct.multiply(
          MatrixView(a, rows: aRows, columns: aColumns, stride: aStride), transposeA: ta,
          by: MatrixView(b, rows: bRows, columns: bColumns, stride: bStride), transposeB: tb, into: &c,
          targetStride: cStride, scale: 0.5, accumulate: accumulate)
        var (worst, untouched) = (WorstError(), true)
        for i in 0..<m {
          for j in 0..<cStride {
            guard j < n else {
              untouched = untouched && c[i * cStride + j].bitPattern == before[i * cStride + j].bitPattern
              continue
            }
            var sum = accumulate ? Double(before[i * cStride + j]) : 0
            for l in 0..<k {
              let x = a[ta ? l * aStride + i : i * aStride + l]
              let y = b[tb ? j * bStride + l : l * bStride + j]
              sum += 0.5 * Double(x) * Double(y)
            }
            worst.add(c[i * cStride + j], sum)
          }
        }
        #expect(worst.value <= Self.tolerance(k))
        #expect(untouched)
      }
    }
  }

  @Test(arguments: [0, 1, 2, 5, 40], [0, 1, 3, 12]) func gramFillsTheUpperTriangle(rows: Int, columns: Int) {
    var generator = RepeatableGenerator(seed: 3)
    let stride = columns + 1
    let a = Self.numbers(max(1, rows * stride), &generator)
    for accumulate in [false, true] {
      let before = Self.numbers(max(1, columns * columns), &generator)
      var c = before
      MatrixProduct.gram(
        MatrixView(a, rows: rows, columns: columns, stride: stride), into: &c, scale: 2, accumulate: accumulate)
      for i in 0..<columns {
        for j in 0..<columns {
          guard j >= i else {
            #expect(c[i * columns + j] == before[i * columns + j])
            continue
          }
          var sum = accumulate ? Double(before[i * columns + j]) : 0
          for t in 0..<rows { sum += 2 * Double(a[t * stride + i]) * Double(a[t * stride + j]) }
          #expect(abs(Double(c[i * columns + j]) - sum) <= 4 * Self.tolerance(rows))
        }
      }
    }
  }
}
