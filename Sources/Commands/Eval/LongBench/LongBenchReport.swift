import Evaluation

/// The results of a LongBench run, by task and method.
public struct LongBenchReport: Sendable {
  /// What was run, and with which settings.
  public var head: RunHead
  /// Rows are tasks, columns methods.
  public var table: LongBenchTable
  /// Raw bytes over file bytes of each method, over all of its samples; nil where there is no result.
  public var ratios: [String: Double]
  /// Every result, by task and sample, and within a sample in the order of the log.
  public var lines: [Line]
  /// What was passed over in the log.
  public var problems: [RunLogProblem]
  /// What was passed over in the data; empty if only logs were read.
  public var findings: [LongBenchFinding]

  public typealias Line = RunLine<LongBenchCell, EvalResult<LongBenchAnswer>>

  /// Takes the results of a log; lines that were skipped count in no mean.
  public init(
    _ contents: RunLogContents<LongBenchCell, EvalResult<LongBenchAnswer>>, findings: [LongBenchFinding] = []
  ) {
    head = contents.head
    problems = contents.problems
    self.findings = findings
    let table = LongBenchTable(
      contents.lines.compactMap { line in
        line.result.map {
          LongBenchTable.Score(
            row: line.cell.task, method: line.method, value: $0.score.score, length: line.cell.length)
        }
      })
    self.table = table
    ratios = Dictionary(
      uniqueKeysWithValues: table.methods.compactMap { method in
        EvalCost.ratio(of: contents.lines.filter { $0.method == method }.compactMap(\.result?.cost)).map {
          (method, $0)
        }
      })
    let order = Dictionary(uniqueKeysWithValues: table.rows.enumerated().map { ($1, $0) })
    // Swift's sort is stable, so a sample's methods keep their order.
    lines = contents.lines.sorted {
      (order[$0.cell.task] ?? .max, $0.cell.task, $0.cell.id) < (order[$1.cell.task] ?? .max, $1.cell.task, $1.cell.id)
    }
  }
}
