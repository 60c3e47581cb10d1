/// Whether an answer holds the needle.
public struct NeedleScore: Codable, Hashable, Sendable {
  /// Whether the expected words stand in the answer, one after the other.
  public var found: Bool
  /// What the model said.
  public var answer: String
  /// The logarithm, in nats, of the probability that the model gives the expected answer as a whole; nil where it was not
  /// worked out. It shows what a method costs before it costs an answer.
  public var logProbability: Double?

  /// The score of an answer.
  ///
  /// Words are compared: runs of letters and digits, without regard to case. So `Answer: 7412.` holds `7412`, and
  /// `17412` does not. An expected answer without words is never found.
  public init(answer: String, expected: String, logProbability: Double? = nil) {
    let (words, wanted) = (Self.words(answer), Self.words(expected))
    self.answer = answer
    self.logProbability = logProbability
    found =
      !wanted.isEmpty && words.count >= wanted.count
      && (0...words.count - wanted.count).contains { words[$0..<$0 + wanted.count].elementsEqual(wanted) }
  }

  private static func words(_ text: String) -> [String] {
    text.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init)
  }
}
