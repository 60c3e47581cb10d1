import Commands

/// The tables of `fkv eval perplexity`, one a text.
enum PerplexityText {
  static func render(_ report: PerplexityReport) -> String {
    guard !report.tables.isEmpty else { return "no results" }
    return report.tables.map { head($0) + "\n\n" + rows($0).text }.joined(separator: "\n\n")
  }

  private static func head(_ table: PerplexityReport.Table) -> String {
    let cell = table.cell
    let scored = table.lines.lazy.compactMap(\.result?.score).first
    return "\(cell.text): \(cell.cached) tokens cached, \(cell.following) following"
      + (scored.map { ", \($0.tokens) scored, perplexity \(Format.significant($0.perplexityFull)) full" } ?? "")
  }

  private static func rows(_ table: PerplexityReport.Table) -> TextTable {
    var text = TextTable([
      "method", "file bytes", "basis outside", "ratio", "KL mean", "p99", "max", "perplexity", "change", "top-1",
    ])
    for line in table.lines {
      guard let result = line.result else {
        text.add([line.method] + Array(repeating: "–", count: 9))
        continue
      }
      let (cost, score) = (result.cost, result.score)
      text.add([
        line.method, "\(cost.fileBytes)", "\(cost.outsideBytes)", EvalRatio.text(cost.ratio, method: line.method),
        Format.significant(score.klMean), Format.significant(score.klP99), Format.significant(score.klMax),
        Format.significant(score.perplexityRestored),
        Format.change(score.perplexityRestored / score.perplexityFull - 1),
        "\(Format.significant(100 * score.top1Agreement)) %",
      ])
    }
    return text
  }
}
