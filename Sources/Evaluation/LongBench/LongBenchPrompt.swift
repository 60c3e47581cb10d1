/// A prompt in two parts: what is cached, and what is asked of the cache.
public struct LongBenchPrompt: Equatable, Sendable {
  /// The prompt up to the end of the document.
  public var document: String
  /// All that follows, so that every method answers the same question from its own version of the same cache.
  public var question: String

  public init(document: String, question: String) {
    self.document = document
    self.question = question
  }

  /// The task's template, filled in.
  ///
  /// Braces in the texts mean nothing; they are put in as they are.
  public init(task: LongBenchTask, context: String, input: String) {
    let parts = task.template.split(around: "{context}")
    let question = parts.after.split(around: "{input}")
    document = parts.before + context
    self.question = question.found ? question.before + input + question.after : parts.after
  }

  /// The whole prompt.
  public var text: String { document + question }

  /// The prompt cut in the middle as LongBench's `pred.py` does: if it has more than `limit` tokens, the texts of its
  /// first and of its last ⌊limit / 2⌋ tokens, joined.
  ///
  /// Tokens of the result may be a few more or fewer, since the texts meet where no text met before. The document ends
  /// where the question begins; of a question longer than half the limit only the end is left, and all of the first half
  /// belongs to the document.
  ///
  /// - Parameters:
  ///   - limit: in tokens, a begin token included; at least 2.
  ///   - tokenize: the token ids of a whole prompt.
  ///   - detokenize: the text of token ids, without control tokens.
  public func cut<Failure: Error>(
    to limit: Int, tokenize: (String) throws(Failure) -> [Int32], detokenize: ([Int32]) throws(Failure) -> String
  ) throws(Failure) -> LongBenchPrompt {
    precondition(limit >= 2)
    let tokens = try tokenize(text)
    guard tokens.count > limit else { return self }
    let (head, tail) = (
      try detokenize(Array(tokens.prefix(limit / 2))), try detokenize(Array(tokens.suffix(limit / 2)))
    )
    let kept = Array((head + tail).unicodeScalars)
    let common = zip(kept.reversed(), question.unicodeScalars.reversed()).prefix { $0 == $1 }.count
    return LongBenchPrompt(document: String(kept.dropLast(common)), question: String(kept.suffix(common)))
  }
}

extension String {
  /// What stands before and after the first `mark`; without one, all stands before.
  fileprivate func split(around mark: String) -> (before: String, after: String, found: Bool) {
    guard let range = firstRange(of: mark) else { return (self, "", false) }
    return (String(self[..<range.lowerBound]), String(self[range.upperBound...]), true)
  }

  fileprivate init(_ scalars: some Sequence<Unicode.Scalar>) {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.init(view)
  }
}
