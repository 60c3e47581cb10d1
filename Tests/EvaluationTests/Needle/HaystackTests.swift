import Evaluation
import Testing

@Suite struct HaystackTests {
  /// Sentences of three tokens: 1, 2 and the end 0.
  private static let text = (0..<30).map { Int32(($0 + 1) % 3) }
  private static let haystack = Haystack(start: [9], tokens: text, sentenceEnds: [0])
  private static let needle: [Int32] = [7, 8]

  /// Every length and depth: as long as asked, nothing lost, the needle whole and after a sentence end.
  @Test func everyPlace() throws {
    for length in 3...33 {
      var last = 0
      for depth in stride(from: 0.0, through: 100, by: 2.5) {
        let prompt = try Self.haystack.prompt(needle: Self.needle, length: length, depth: depth)
        #expect(prompt.count == length && prompt[0] == 9)
        let place = try #require(prompt.firstIndex(of: 7))
        #expect(prompt[place + 1] == 8)
        #expect(Array(prompt[1..<place] + prompt[(place + 2)...]) == Array(Self.text[..<(length - 3)]))
        let room = length - 3
        if depth == 100 {
          #expect(place == length - 2)
        } else {
          #expect(place == 1 || prompt[place - 1] == 0)
          // At its depth, or less than one sentence before it.
          let wanted = Int(Double(room) * depth / 100)
          #expect(place - 1 <= wanted && place - 1 > wanted - 3)
        }
        #expect(place >= last)
        last = place
      }
      #expect(try Self.haystack.prompt(needle: Self.needle, length: length, depth: 0)[1] == 7)
    }
  }

  @Test func withoutSentenceEndsTheNeedleGoesToTheStart() throws {
    let haystack = Haystack(start: [], tokens: [1, 2, 3, 4], sentenceEnds: [])
    #expect(try haystack.prompt(needle: [7], length: 5, depth: 99) == [7, 1, 2, 3, 4])
    #expect(try haystack.prompt(needle: [7], length: 5, depth: 100) == [1, 2, 3, 4, 7])
    #expect(try haystack.prompt(needle: [], length: 4, depth: 50) == [1, 2, 3, 4])
  }

  @Test func whatDoesNotFit() {
    #expect(throws: Haystack.Failure.tooShort(tokens: 30, needed: 31, length: 34)) {
      try Self.haystack.prompt(needle: Self.needle, length: 34, depth: 50)
    }
    #expect(throws: Haystack.Failure.needleTooLong(tokens: 2, length: 2)) {
      try Self.haystack.prompt(needle: Self.needle, length: 2, depth: 50)
    }
    #expect(throws: Haystack.Failure.tooShort(tokens: 0, needed: 5, length: 5)) {
      try Haystack(start: [], tokens: [], sentenceEnds: []).prompt(needle: [], length: 5, depth: 0)
    }
  }
}
