import Evaluation
import Testing

@Suite struct NeedleScoreTests {
  @Test(arguments: [
    (" 7412.", "7412"), ("7412", " 7412\n"), ("It is 7412, I think", "7412"), ("**7412**", "7412"),
    ("EAT a  sandwich,\nand sit", "eat a sandwich and"), ("eat eat a", "eat a"), ("ÄPFEL", "äpfel"), ("a b", "a b"),
  ]) func found(answer: String, expected: String) {
    let score = NeedleScore(answer: answer, expected: expected)
    #expect(score.found && score.answer == answer)
  }

  @Test(arguments: [
    ("", "7412"), ("17412", "7412"), ("74 12", "7412"), ("7412x", "7412"), ("eat sandwich a", "eat a sandwich"),
    ("eat a", "eat a sandwich"), ("7412", ""), ("", ""), ("...", "."),
  ]) func notFound(answer: String, expected: String) {
    #expect(!NeedleScore(answer: answer, expected: expected).found)
  }
}
