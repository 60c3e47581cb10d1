import Evaluation
import Testing

@testable import Commands

@Suite struct EvalReportTests {
  private static func cost(_ bytes: Int) -> EvalCost {
    EvalCost(
      cachedTokens: 1, fileBytes: bytes, rawBytes: 100, outsideBytes: 0, encodeSeconds: 0, decodeSeconds: 0,
      loadSeconds: 0, scoreSeconds: 0)
  }

  @Test func needlesByMethodDepthAndLength() {
    func line(_ length: Int, _ depth: Double, _ trial: Int, _ method: String, _ found: Bool, _ bytes: Int)
      -> NeedleReport.Line
    {
      NeedleReport.Line(
        cell: NeedleCell(length: length, depth: depth, trial: trial), method: method,
        result: EvalResult(
          cost: Self.cost(bytes),
          score: NeedleScore(
            answer: found ? "x" : "y", expected: "x", logProbability: depth == 50 ? -Double(bytes) : nil)))
    }
    let report = NeedleReport(
      RunLogContents(
        head: RunHead(kind: "needle", settings: [:]),
        lines: [
          line(20, 50, 0, "b", true, 10), line(20, 50, 0, "a", false, 50), line(20, 50, 1, "b", false, 40),
          line(10, 0, 0, "a", true, 25),
          NeedleReport.Line(cell: NeedleCell(length: 10, depth: 0), method: "b", skipped: "no"),
        ]))
    #expect(report.lengths == [10, 20] && report.depths == [0, 50] && report.methods.map(\.name) == ["b", "a"])
    typealias Place = NeedleReport.Place
    #expect(report.methods[0].places == [[Place(), Place()], [Place(), Place(found: 1, trials: 2)]])
    #expect(
      report.methods[1].places == [[Place(found: 1, trials: 1), Place()], [Place(), Place(found: 0, trials: 1)]])
    // 200 raw bytes over 50.
    #expect(report.methods[0].ratios == [nil, 4] && report.methods[1].ratios == [4, 2])
    // Cells without one do not count.
    #expect(report.methods.map(\.logProbability) == [-25, -50])
    #expect(report.methods[1].total == Place(found: 1, trials: 2))
    #expect(report.methods[1].total(length: 0) == Place(found: 1, trials: 1))
    #expect(report.lines.map(\.method) == ["a", "b", "b", "a", "b"])
    #expect(Place().fraction == nil && Place(found: 1, trials: 2).fraction == 0.5)
  }

  @Test func anEmptyFileHasNoRatio() {
    #expect(Self.cost(0).ratio == 0 && Self.cost(50).ratio == 2)
    #expect(EvalCost.ratio(of: []) == nil && EvalCost.ratio(of: [Self.cost(0)]) == nil)
  }
}
