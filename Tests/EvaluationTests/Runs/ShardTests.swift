import Evaluation
import Testing

@Suite struct ShardTests {
  /// Every cell is in one shard, in order, and no shard is more than one cell longer than another.
  @Test func shardsShareTheCells() {
    for count in 1...7 {
      for cells in 0...15 {
        let all = Array(0..<cells)
        let parts = (1...count).map { Shard(index: $0, count: count)!.part(of: all) }
        #expect(parts.flatMap { $0 }.sorted() == all)
        #expect(parts.allSatisfy { $0 == $0.sorted() })
        let sizes = parts.map(\.count)
        #expect(sizes.max()! - sizes.min()! <= 1)
      }
    }
    #expect(Shard.whole.part(of: ["a", "b"]) == ["a", "b"])
  }

  @Test func shardsAreWrittenAsFractions() {
    #expect(Shard("2/4") == Shard(index: 2, count: 4) && "\(Shard("2/4")!)" == "2/4")
    for text in ["", "1", "0/1", "3/2", "-1/2", "1/0", "1/2/3", "a/b", "1/", "/2", "1/99999999999999999999", " 1/2"] {
      #expect(Shard(text) == nil, "\(text)")
    }
  }
}
