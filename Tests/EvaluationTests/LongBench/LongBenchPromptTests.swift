import Testing

@testable import Evaluation

@Suite struct LongBenchPromptTests {
  /// Every prompt is cut at the end of its document, and both parts joined are the template filled in.
  @Test(arguments: LongBenchTask.allCases) func isTheTemplateFilledIn(task: LongBenchTask) {
    let (context, input) = ("Text {input} of {context}.", "What {context}?")
    let prompt = LongBenchPrompt(task: task, context: context, input: input)
    #expect(prompt.document.hasSuffix(context))
    #expect(!prompt.question.isEmpty)
    // Marks are filled from the last to the first, so that those in the texts stay.
    var expected = task.template
    for (mark, text) in [("{input}", input), ("{context}", context)] {
      guard let range = expected.firstRange(of: mark) else { continue }
      expected = expected[..<range.lowerBound] + text + expected[range.upperBound...]
    }
    #expect(prompt.text == expected)
  }

  /// One token a code point.
  private func cut(_ document: String, _ question: String, to limit: Int) -> LongBenchPrompt {
    LongBenchPrompt(document: document, question: question).cut(
      to: limit, tokenize: { $0.unicodeScalars.map { Int32($0.value) } },
      detokenize: { String(String.UnicodeScalarView($0.map { Unicode.Scalar(UInt32($0))! })) })
  }

  @Test func isCutInTheMiddle() {
    let whole = LongBenchPrompt(document: "0123456789", question: "abcd")
    #expect(cut("0123456789", "abcd", to: 14) == whole)
    #expect(cut("0123456789", "abcd", to: 100) == whole)
    // An odd limit loses one.
    for limit in [12, 13] {
      #expect(cut("0123456789", "abcd", to: limit) == .init(document: "01234589", question: "abcd"))
    }
    #expect(cut("0123456789", "abcd", to: 8) == .init(document: "0123", question: "abcd"))
  }

  @Test func aQuestionLongerThanHalfLosesItsStart() {
    #expect(cut("0123456789", "abcd", to: 6) == .init(document: "012", question: "bcd"))
    #expect(cut("0", "abcd", to: 4) == .init(document: "0a", question: "cd"))
    #expect(cut("0123456789", "abcd", to: 2) == .init(document: "0", question: "d"))
  }

  /// What the document's end and the question's have in common belongs to the question, no more of it than it has.
  @Test func repeatedTextStaysApart() {
    #expect(cut("aaaaaaaaaa", "aa", to: 6) == .init(document: "aaaa", question: "aa"))
  }
}
