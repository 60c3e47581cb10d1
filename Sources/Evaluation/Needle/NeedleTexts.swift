/// What is hidden, what is asked and what is expected; `{code}` in any of them stands for a cell's own number.
public struct NeedleTexts: Codable, Hashable, Sendable {
  /// The sentence that is put into the text, in a line of its own.
  public var needle: String
  /// What follows the text in the next line; the model goes on from its end.
  public var question: String
  /// What the model's answer must hold.
  public var answer: String

  public init(needle: String, question: String, answer: String) {
    self.needle = needle
    self.question = question
    self.answer = answer
  }

  /// A number to be found. The question ends in the beginning of its answer, so that a model that only continues text
  /// can answer too.
  public static let code = NeedleTexts(
    needle: "The secret code of the blue door is {code}.",
    question: "Question: What is the secret code of the blue door?\nAnswer: The secret code of the blue door is",
    answer: "{code}")

  /// The texts of a cell.
  public func filled(for cell: NeedleCell) -> NeedleTexts {
    func fill(_ text: String) -> String {
      text.split(separator: "{code}", omittingEmptySubsequences: false).joined(separator: "\(cell.code)")
    }
    return NeedleTexts(needle: fill(needle), question: fill(question), answer: fill(answer))
  }
}
