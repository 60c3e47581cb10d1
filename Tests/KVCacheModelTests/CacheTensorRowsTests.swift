import KVCacheModel
import Testing

@Suite struct CacheTensorRowsTests {
  /// Element (h, t, d) is the byte pair (16h + t, d).
  private static func tensor(_ tokens: Range<Int>) -> CacheTensor {
    CacheTensor(
      kvHeads: 3, tokens: tokens.count, headDim: 2, elementType: .float16,
      bytes: (0..<3).flatMap { h in tokens.flatMap { t in (0..<2).flatMap { d in [UInt8(16 * h + t), UInt8(d)] } } })
  }

  @Test func everyRange() {
    for start in 0...7 {
      for end in start...7 { #expect(Self.tensor(0..<7).rows(start..<end) == Self.tensor(start..<end)) }
    }
  }

  @Test func everyPairOfParts() {
    for cut in 0...7 { #expect(Self.tensor(0..<cut).followed(by: Self.tensor(cut..<7)) == Self.tensor(0..<7)) }
  }
}
