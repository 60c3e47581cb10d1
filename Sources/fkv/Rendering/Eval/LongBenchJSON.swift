import Commands
import Evaluation

/// The JSON of `fkv eval longbench`.
struct LongBenchJSON: Encodable {
  struct Score: Encodable {
    var method: String
    var score: Double
    var samples: Int
    /// By LongBench-E's classes of lengths; those without samples are left away.
    var byLength: [ByLength]
  }

  struct ByLength: Encodable {
    var length: String
    var score: Double
    var samples: Int
  }

  struct Task: Encodable {
    var task: String
    var metric: String
    var scores: [Score]
  }

  struct Method: Encodable {
    var method: String
    /// null if the method lacks a task.
    var average: Double?
    var ratio: Double?
  }

  struct Result: Encodable {
    var task: String
    var id: String
    var length: Int?
    var method: String
    /// 0…1.
    var score: Double?
    var answer: String?
    var answerTokens: Int?
    var cost: EvalCostJSON?
    var skipped: String?
  }

  var kind: String
  var settings: [String: String]
  var tasks: [Task]
  var methods: [Method]
  var results: [Result]
  var passedOver: [String]

  init(_ report: LongBenchReport) {
    let table = report.table
    kind = report.head.kind
    settings = report.head.settings
    tasks = table.rows.map { row in
      Task(
        task: row, metric: LongBenchRow(name: row)?.task.metric.rawValue ?? "",
        scores: table.methods.compactMap { method in
          table.cell(row, method).map { cell in
            Score(
              method: method, score: cell.score, samples: cell.samples,
              byLength: LongBenchLength.allCases.compactMap { length in
                table.cell(row, method, length: length).map {
                  ByLength(length: length.rawValue, score: $0.score, samples: $0.samples)
                }
              })
          }
        })
    }
    methods = table.methods.map { Method(method: $0, average: table.average($0), ratio: report.ratios[$0]) }
    results = report.lines.map { line in
      let score = line.result?.score
      return Result(
        task: line.cell.task, id: line.cell.id, length: line.cell.length, method: line.method, score: score?.score,
        answer: score?.answer, answerTokens: score?.answerTokens,
        cost: (line.result?.cost).map { EvalCostJSON($0, method: line.method) },
        skipped: line.skipped)
    }
    passedOver = report.findings.map(\.description) + report.problems.map(\.description)
  }
}
