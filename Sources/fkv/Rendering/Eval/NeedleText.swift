import Commands
import Foundation

/// The text of `fkv eval needle`: a summary, then a grid for each method.
enum NeedleText {
  static func render(_ report: NeedleReport) -> String {
    guard !report.methods.isEmpty else { return "no results" }
    return ([summary(report).text] + report.methods.map { grid($0, report).text }).joined(separator: "\n\n")
  }

  /// One row a method: ratio and needles found at each length, in all, and how probable the model holds the answers.
  private static func summary(_ report: NeedleReport) -> TextTable {
    var table = TextTable(["method"] + report.lengths.flatMap { ["\($0) tokens", "found"] } + ["all found", "ln p"])
    for method in report.methods {
      table.add(
        [method.name]
          + report.lengths.indices.flatMap { length in
            [
              method.ratios[length].map { EvalRatio.text($0, method: method.name) } ?? "–",
              count(method.total(length: length)),
            ]
          } + [count(method.total), method.logProbability.map { String(format: "%.2f", $0) } ?? "–"])
    }
    return table
  }

  /// Depths down, lengths across: the fraction found.
  private static func grid(_ method: NeedleReport.Method, _ report: NeedleReport) -> TextTable {
    var table = TextTable([method.name] + report.lengths.map(String.init))
    for (depth, places) in zip(report.depths, method.places) {
      table.add(["depth \(Format.plain(depth)) %"] + places.map { $0.fraction.map(Format.plain) ?? "–" })
    }
    return table
  }

  private static func count(_ place: NeedleReport.Place) -> String { "\(place.found) of \(place.trials)" }
}
