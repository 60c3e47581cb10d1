import Commands
import Evaluation

/// The tables of `fkv eval longbench`: tasks down, methods across.
enum LongBenchText {
  /// One table of all samples, and one for each class of lengths if there are tasks of LongBench-E.
  static func render(_ report: LongBenchReport) -> String {
    guard !report.table.rows.isEmpty else { return "no results" }
    var all = scores(report.table, report.table.rows, title: "task")
    let methods = report.table.methods
    all.add(["average", "", ""] + methods.map { report.table.average($0).map(Format.hundredths) ?? "–" })
    all.add(
      ["ratio", "", ""]
        + methods.map { method in report.ratios[method].map { EvalRatio.text($0, method: method) } ?? "–" })
    let extended = report.table.rows.filter { LongBenchRow(name: $0)?.isExtended ?? false }
    let parts = LongBenchLength.allCases.compactMap { length in
      let rows = extended.filter { row in methods.contains { report.table.cell(row, $0, length: length) != nil } }
      return rows.isEmpty ? nil : scores(report.table, rows, title: "\(length.rawValue) words", length: length).text
    }
    return ([all.text] + parts).joined(separator: "\n\n")
  }

  /// Some rows of a table, over documents of one class of lengths if one is given.
  private static func scores(
    _ table: LongBenchTable, _ rows: [String], title: String, length: LongBenchLength? = nil
  ) -> TextTable {
    var text = TextTable([title, "metric", "samples"] + table.methods)
    for row in rows {
      let cells = table.methods.map { table.cell(row, $0, length: length) }
      let metric = LongBenchRow(name: row)?.task.metric.rawValue ?? ""
      text.add([row, metric, samples(cells)] + cells.map { $0.map { Format.hundredths($0.score) } ?? "–" })
    }
    return text
  }

  /// `20`, or `3–20` where methods have different numbers, as in a run that was interrupted.
  private static func samples(_ cells: [LongBenchTable.Cell?]) -> String {
    let counts = cells.map { $0?.samples ?? 0 }
    guard let least = counts.min(), let most = counts.max() else { return "" }
    return least == most ? "\(most)" : "\(least)–\(most)"
  }
}
