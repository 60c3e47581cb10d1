import Testing

@testable import Evaluation

@Suite struct LongestCommonSubsequenceTests {
  /// All pairs of sequences of up to five elements of three kinds against a search of every subsequence.
  @Test func isCommonAndLongest() {
    let all = sequences(upTo: 4)
    for first in all {
      let parts = Set(subsequences(first))
      for second in all {
        let found = longestCommonSubsequence(first, second)
        let common = parts.intersection(subsequences(second))
        #expect(common.contains(found), "\(first) \(second): \(found)")
        #expect(found.count == common.map(\.count).max())
      }
    }
  }

  /// Which of several: the one that `rouge` rebuilds.
  @Test func tiesKeepTheOrderOfTheSource() {
    #expect(longestCommonSubsequence([1, 2], [2, 1]) == [2])
    #expect(longestCommonSubsequence([2, 1], [1, 2]) == [1])
    #expect(longestCommonSubsequence([1, 2, 3], [3, 1, 2]) == [1, 2])
  }

  private func sequences(upTo count: Int) -> [[Int]] {
    (0..<count).reduce([[]]) { lists, _ in lists + lists.flatMap { list in (0..<3).map { list + [$0] } } }
      .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private func subsequences(_ sequence: [Int]) -> [[Int]] {
    (0..<1 << sequence.count).map { mask in sequence.indices.filter { mask >> $0 & 1 == 1 }.map { sequence[$0] } }
  }
}
