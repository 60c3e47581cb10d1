import Evaluation
import Testing

@Suite struct NeedleCellTests {
  @Test func theGridIsByLengthDepthAndTrial() {
    let grid = NeedleCell.grid(lengths: [4, 2], depths: [0, 50], trials: 2)
    #expect(grid.map(\.length) == [4, 4, 4, 4, 2, 2, 2, 2])
    #expect(grid.map(\.depth) == [0, 0, 50, 50, 0, 0, 50, 50])
    #expect(grid.map(\.trial) == [0, 1, 0, 1, 0, 1, 0, 1])
    #expect(Set(grid).count == 8)
  }

  /// Codes have four digits, are the same in every run, and differ from cell to cell except by chance: of 300 drawn from
  /// 9000, about 5 meet another.
  @Test func codesDependOnTheCell() {
    let grid = NeedleCell.grid(lengths: [1024, 2048, 4096], depths: [0, 25, 50, 75, 100], trials: 20)
    #expect(grid.allSatisfy { (1000...9999).contains($0.code) })
    #expect(Set(grid.map(\.code)).count > 270)
    #expect(grid.map(\.code) == grid.map(\.code))
    #expect(NeedleCell(length: 1024, depth: 0).code == 4145)
  }

  @Test func textsAreFilled() {
    let cell = NeedleCell(length: 1024, depth: 0)
    let texts = NeedleTexts(needle: "{code} and {code}", question: "no", answer: "{code}").filled(for: cell)
    #expect(texts == NeedleTexts(needle: "\(cell.code) and \(cell.code)", question: "no", answer: "\(cell.code)"))
    #expect(NeedleTexts.code.filled(for: cell).needle == "The secret code of the blue door is \(cell.code).")
  }
}
