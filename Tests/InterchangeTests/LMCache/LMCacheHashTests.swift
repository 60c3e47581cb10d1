import Testing

@testable import Interchange

/// Against CPython 3.11's `hash` and LMCache 0.5.6's `ChunkedTokenDatabase`.
@Suite struct LMCacheHashTests {
  @Test func tuples() {
    #expect(LMCacheHash.tuple([]) == 5_740_354_900_026_072_187)
    #expect(LMCacheHash.chunk([], after: 0) == 9_096_108_955_250_143_618)
    #expect(LMCacheHash.chunk([1, -1, 2], after: -5) == 8_538_685_623_519_317_863)
    #expect(LMCacheHash.integer(-1) == -2 && LMCacheHash.integer(1 << 61 - 1) == 0)
    #expect(LMCacheHash.integer(.min) == -4 && LMCacheHash.integer(.max) == 3)
  }

  @Test func chain() {
    let tokens = (0..<600).map { Int32($0) }
    let first = LMCacheHash.chunk(tokens[0..<256], after: 0)
    #expect(first == 3_131_758_554_629_441_992)
    let second = LMCacheHash.chunk(tokens[256..<512], after: first)
    #expect(second == 8_783_757_053_568_497_755)
    #expect(LMCacheHash.chunk(tokens[512...], after: second) == 4_356_085_038_892_181_893)
  }

  @Test func names() {
    #expect(LMCacheHash.name(255) == "ff" && LMCacheHash.name(-255) == "-ff")
    #expect(LMCacheHash.name(.min) == "-8000000000000000")
    let name = LMCacheName.name(model: "a/b/c", hash: -1, type: .bfloat16)
    #expect(name == "a-SEP-b-SEP-c@1@0@-1@bfloat16.data")
    #expect(LMCacheName(name)?.store.model == "a/b/c" && LMCacheName(name)?.hash == "-1")
    for other in ["", ".data", "a@1@0@ff@half.pt", "a@1@0@xyz@half.data", "a@1@0@@half.data", "a@1@0@ff.data"] {
      #expect(LMCacheName(other) == nil, "\(other)")
    }
  }
}
