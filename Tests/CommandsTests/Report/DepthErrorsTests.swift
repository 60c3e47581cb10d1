import Testing

@testable import Commands

@Suite struct DepthErrorsTests {
  @Test func bucketsPartThePositions() {
    for end in [0, 1, 2, 63, 64, 65, 100, 1000, 4097] {
      let buckets = DepthErrors(end: end).buckets
      #expect(buckets.count == min(end, 64))
      #expect((buckets.first?.lowerBound ?? 0) == 0 && (buckets.last?.upperBound ?? 0) == end)
      #expect(zip(buckets, buckets.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
      let sizes = Set(buckets.map(\.count))
      #expect(sizes.isEmpty || (sizes.min()! >= 1 && sizes.max()! - sizes.min()! <= 1))
    }
  }

  /// Two heads of three tokens from position 2 on; buckets of two positions.
  @Test func errorsByHand() {
    let full: [Float] = [3, 4, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1]
    var restored = full
    restored[1] = 3
    restored[10] = 1
    let errors = DepthSums(
      full: full, restored: restored, kvHeads: 2, tokens: 3, headDim: 2, firstPosition: 2,
      buckets: [0..<2, 2..<4, 4..<6]
    ).errors
    #expect(errors.count == 3 && errors[0] == nil)
    // Positions 2 and 3: 1 off of 9 + 16 + 4; position 4: 1 off of 1 + 1.
    #expect(errors[1] == (1.0 / 29).squareRoot() && errors[2] == 0.5.squareRoot())
  }

  @Test func numbersThatGiveNoError() {
    func errors(_ full: [Float], _ restored: [Float]) -> [Double?] {
      DepthSums(full: full, restored: restored, kvHeads: 1, tokens: 1, headDim: 1, firstPosition: 0, buckets: [0..<1])
        .errors
    }
    #expect(errors([0], [0]) == [nil] && errors([0], [1]) == [nil])
    #expect(errors([.nan], [1]) == [nil] && errors([.infinity], [1]) == [nil] && errors([1], [.infinity]) == [nil])
    #expect(errors([2], [2]) == [0])
  }

  @Test func layersAreAveraged() {
    #expect(DepthSums.mean([[1, nil, nil], [2, 4, nil]], count: 3) == [1.5, 4, nil])
    #expect(DepthSums.mean([], count: 1) == [nil])
  }
}
