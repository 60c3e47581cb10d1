@testable import Evaluation

/// Results logs of `fkv eval`, and LongBench's samples.
enum EvaluationTargets {
  static let all = [log, sample]

  /// A whole log, and what is read of it again.
  static let log = FuzzTarget(
    name: "runlog", mostBytes: 2048, seeds: { logs }, mutation: lines,
    mayThrow: { $0 is RunLogError },
    run: { bytes, _ in
      let contents = try RunLogContents<NeedleCell, NeedleScore>(path: "log", bytes: Array(bytes))
      for problem in contents.problems { _ = problem.description }
      guard contents.wholeBytes <= bytes.count else { throw FuzzFinding("runlog: \(contents.wholeBytes) whole bytes") }
    })

  /// One line of a file of samples.
  static let sample = FuzzTarget(
    name: "longbench", mostBytes: 2048,
    seeds: {
      // The samples are long; what their fields hold makes no difference.
      let text = String(
        decoding: try SampleFiles.file("Tests/EvaluationTests/Resources/longbench-small.jsonl"), as: UTF8.self)
      let lines = text.split(separator: "\n").map { Array($0.utf8) }.filter { $0.count <= 2048 }
      return lines
        + [
          #"{"input":"q","context":"c","answers":["a","b"],"length":3,"dataset":"qasper","language":"en","all_classes":null,"_id":"1"}"#,
          #"{"input":"q","context":"Paragraph 1: c","answers":["Paragraph 7"],"length":3,"dataset":"passage_retrieval_en","language":"en","all_classes":null,"_id":"1"}"#,
          #"{"input":"q","context":"c","answers":["x"],"length":3,"dataset":"trec","language":"en","all_classes":["x","y"],"_id":"1"}"#,
        ].map { Array($0.utf8) }
    }, mutation: lines, mayThrow: { $0 is LongBenchFault },
    run: { bytes, _ in
      let sample = try LongBenchSample(line: Array(bytes), extended: bytes.count % 2 == 1)
      _ = try LongBenchSample(line: Array(bytes), extended: bytes.count % 2 == 0)
      _ = sample.score(String(sample.answers.first?.prefix(40) ?? ""))
    })

  @Sendable private static func lines(_ bytes: [UInt8], _ changes: inout ByteChanges) -> [UInt8] {
    var text = bytes
    for _ in 0...changes.number(below: 3) { JSONChanges.change(&text, &changes) }
    return text.count <= changes.most ? text : bytes
  }

  private static let logs: [[UInt8]] = {
    let head = RunHead(kind: "needle", settings: ["model": "m", "seed": "1"])
    let lines = [
      RunLine(
        cell: NeedleCell(length: 512, depth: 0.25), method: "full", result: NeedleScore(answer: "7", expected: "7")),
      RunLine(
        cell: NeedleCell(length: 1024, depth: 1, trial: 2), method: "fourier",
        result: NeedleScore(answer: "é\n\"", expected: "8")),
      RunLine(cell: NeedleCell(length: 2, depth: 0), method: "fourier", skipped: "too long"),
    ]
    let bytes = try! Array(RunCoding.line(head)) + lines.flatMap { try! Array(RunCoding.line($0)) }
    return [bytes, bytes.dropLast(9), Array(bytes.prefix(40))]
  }()
}
