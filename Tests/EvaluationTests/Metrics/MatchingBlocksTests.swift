import Testing

@testable import Evaluation

@Suite struct MatchingBlocksTests {
  private func ratio(_ first: String, _ second: String) -> Double {
    MatchingBlocks(Array(first), Array(second)).ratio
  }

  /// Values of `difflib.SequenceMatcher(None, first, second).ratio()`, Python 3.11.
  @Test func ratiosAsDifflibHasThem() {
    #expect(ratio("", "") == 1 && ratio("a", "") == 0 && ratio("", "a") == 0)
    #expect(ratio("abcab", "ab") == 0.5714285714285714)
    #expect(ratio("aab", "ba") == 0.4)
    #expect(ratio("abxcd", "abcd") == 0.8888888888888888)
    #expect(ratio("ab", "ba") == 0.5)
  }

  /// From 200 elements on, frequent ones start no block but lengthen one.
  @Test func frequentElementsStartNoBlock() {
    let long = String(repeating: "ab", count: 100)
    #expect(ratio("abab", long) == 0.0392156862745098)
    #expect(ratio("xab", long) == 0)
    #expect(ratio("abab", String(long.dropLast())) == 0.03940886699507389)
    #expect(ratio("abz", long + "z") == 0.029411764705882353)
    #expect(ratio("zab", long + "z") == 0.00980392156862745)
  }
}
