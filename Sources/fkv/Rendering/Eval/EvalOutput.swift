import ArgumentParser
import Commands
import Evaluation

/// Prints an evaluation's results, whatever it is.
enum EvalOutput {
  /// The table or JSON on standard output, what was passed over on standard error, and the heat map into a file.
  ///
  /// - Throws: `ValidationError` for a heat map of another evaluation than the needle test; what writing throws.
  static func print(_ evaluation: MergedEvaluation, map: String? = nil, json: Bool) throws {
    switch evaluation {
    case .needle(let report):
      if let map { try BenchPipeline.write(NeedleMap(report).svg, to: map) }
      if json { try JSONOutput.print(NeedleJSON(report)) } else { try fkv.print(NeedleText.render(report)) }
      Diagnostics.plainControl(report.plainControlTexts)
      note(report.problems)
      for line in report.lines {
        guard let reason = line.skipped else { continue }
        Diagnostics.note(
          "skipped \(line.method) at length \(line.cell.length), depth \(Format.plain(line.cell.depth)): \(reason)")
      }
    case .perplexity(let report):
      guard map == nil else { throw ValidationError("'--output' draws a needle test, and this is none") }
      if json { try JSONOutput.print(PerplexityJSON(report)) } else { try fkv.print(PerplexityText.render(report)) }
      Diagnostics.plainControl(report.plainControlTexts)
      note(report.problems)
      for line in report.tables.flatMap(\.lines) {
        guard let reason = line.skipped else { continue }
        Diagnostics.note("skipped \(line.method) on \(line.cell.text), \(line.cell.cached) tokens: \(reason)")
      }
    case .longBench(let report):
      guard map == nil else { throw ValidationError("'--output' draws a needle test, and this is none") }
      if json { try JSONOutput.print(LongBenchJSON(report)) } else { try fkv.print(LongBenchText.render(report)) }
      for finding in report.findings { Diagnostics.note("passed over \(finding)") }
      note(report.problems)
      for line in report.lines {
        guard let reason = line.skipped else { continue }
        Diagnostics.note("skipped \(line.method) on \(line.cell.task) \(line.cell.id): \(reason)")
      }
    }
  }

  private static func note(_ problems: [RunLogProblem]) {
    for problem in problems { Diagnostics.note(problem.description) }
  }
}
