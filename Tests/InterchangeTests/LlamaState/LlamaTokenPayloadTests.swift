import Interchange
import Testing

struct LlamaTokenPayloadTests {
  @Test func plainLists() {
    #expect(LlamaTokenPayload([]) == .plain([]))
    #expect(LlamaTokenPayload([3, -1, 5]) == .plain([3, -1, 5]))
  }

  @Test func packedLists() {
    #expect(LlamaTokenPayload([-1, 1, 2, 7, 8, 0]) == .packed([7, 8], mediaItems: 0))
    #expect(LlamaTokenPayload([-1, 1, 0, 0]) == .packed([], mediaItems: 0))
    // One picture at index 1, whose description takes three bytes.
    let picture = LlamaTokenPayload([-1, 1, 2, 7, -1, 1, 1, 3, 0x61])
    #expect(picture == .packed([7, -1], mediaItems: 1) && picture?.tokens == [7, -1])
  }

  @Test func brokenLists() {
    for words: [Int32] in [
      [-1], [-1, 1], [-1, 1, 0], [-1, 2, 0, 0], [-1, 1, 2, 7, 0], [-1, 1, -1, 0], [-1, 1, .max, 7, 0],
      [-1, 1, 1, 7, 0, 5], [-1, 1, 1, 7, 3, 0, 0], [-1, 1, 0, -1],
    ] { #expect(LlamaTokenPayload(words) == nil, "\(words)") }
  }
}
