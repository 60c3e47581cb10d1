import ComputeKernels
import Foundation
import TestSupport
import Testing

@Suite struct SoftmaxTests {
  private static func softmax(_ row: [Float], over seen: Range<Int>, softcap: Float? = nil) -> [Float] {
    var row = row
    row.withUnsafeMutableBufferPointer { Softmax.apply($0, over: seen, softcap: softcap) }
    return row
  }

  private static func expected(_ row: [Float], over seen: Range<Int>, softcap: Float? = nil) -> [Double] {
    let scores = row.map { score in softcap.map { Double($0) * tanh(Double(score) / Double($0)) } ?? Double(score) }
    let most = scores[seen].max() ?? 0
    let sum = scores[seen].reduce(0) { $0 + exp($1 - most) }
    return row.indices.map { seen.contains($0) ? exp(scores[$0] - most) / sum : 0 }
  }

  /// The bound of the documentation, with ε = 2⁻²³: rounding of s − max (d·ε/2), the polynomial (4ε, three times for
  /// the sum's largest terms), n/16 additions a lane and 16 over lanes (ε/2 each), division and product. With a cap c,
  /// tanh and its two roundings move a score by up to 4ε·c, and the largest one as much.
  private static func check(_ row: [Float], over seen: Range<Int>, softcap: Float? = nil) {
    let found = softmax(row, over: seen, softcap: softcap)
    let scores = row.map { score in softcap.map { $0 * tanh(score / $0) } ?? score }
    let most = Double(scores[seen].max() ?? 0)
    for (index, probability) in expected(row, over: seen, softcap: softcap).enumerated() {
      let below = seen.contains(index) ? most - Double(scores[index]) : 0
      if below > 86.9 {
        #expect(found[index] <= 2e-38)
        continue
      }
      let slack = below / 2 + Double(seen.count) / 16 + 24 + 8 * Double(softcap ?? 0)
      #expect(abs(Double(found[index]) - probability) <= probability * slack * 0x1p-23)
    }
  }

  @Test(arguments: 1...70) func everyLengthAndRange(count: Int) {
    var generator = RepeatableGenerator(seed: UInt64(count))
    for scale: Float in [0, 1, 20, 60] {
      let row = (0..<count).map { _ in Float.random(in: -scale...scale, using: &generator) }
      Self.check(row, over: 0..<count)
      Self.check(row, over: count / 3..<count - count / 4)
      Self.check(row, over: count - 1..<count)
      Self.check(row, over: 0..<count, softcap: 30)
      Self.check(row, over: count / 2..<count, softcap: 1)
    }
  }

  @Test func longRows() {
    var generator = RepeatableGenerator(seed: 1)
    Self.check((0..<5003).map { _ in Float.random(in: -8...8, using: &generator) }, over: 1..<5002)
  }

  @Test func nothingSeenGivesZeros() {
    #expect(Self.softmax([1, .nan, 3], over: 1..<1) == [0, 0, 0])
    #expect(Self.softmax([1, 2, 3], over: 3..<3) == [0, 0, 0])
  }

  @Test func whatIsNotSeenDoesNotMatter() {
    #expect(Self.softmax([.nan, 5, 5, .infinity], over: 1..<3) == [0, 0.5, 0.5, 0])
  }

  @Test func hugeAndInfiniteScores() {
    #expect(Self.softmax([3e38, -3e38, 3e38], over: 0..<3) == [0.5, 0, 0.5])
    #expect(Self.softmax([-.infinity, 2, -.infinity], over: 0..<3) == [0, 1, 0])
    #expect(Self.softmax([-3e38, -3e38], over: 0..<2) == [0.5, 0.5])
    #expect(Self.softmax([3e38, 0], over: 0..<2, softcap: 50)[0] == 1)
    for row: [Float] in [[.nan, 1, 2], [1, .nan, 2], [.infinity, 1, 0], [-.infinity, -.infinity, -.infinity]] {
      #expect(Self.softmax(row, over: 0..<3).allSatisfy { $0.isNaN })
    }
  }
}
