import Foundation
import Testing

/// `fkv eval longbench` with the real model that set-up fetched, on three short samples.
@Suite(.serialized) struct LongBenchCommandTests {
  private let files = CommandFiles()

  /// The model gets the first and the last right.
  private static let samples = [
    sample(
      "triviaqa", "a1", "Passage:\nThe mill is repaired by Tom Baker.\nQuestion:\nWho repairs the mill?\nAnswer:\n",
      "Passage:\nThe bridge at Sorby was built by Ada Finch.\nQuestion:\nWho built the bridge?\nAnswer:\nAda Finch\n\n"
        + "Passage:\nThe bell is rung by Ben Holm.\nQuestion:\nWho rings the bell?\nAnswer:\nBen Holm",
      ["Tom Baker"]),
    sample(
      "trec", "b1", "Question: How many bridges has the town ?\nType:",
      "Question: Who built the tower ?\nType: Person\nQuestion: How many eggs are in a dozen ?\nType: Number",
      ["Number"], ["Person", "Number"]),
    sample(
      "passage_retrieval_en", "c1", "A mill is repaired.",
      "Paragraph 1: The mill at Orrin is repaired by Tom Baker.\n\nParagraph 2: The bell of Pell is rung each noon.",
      ["Paragraph 1"]),
  ]

  private static func sample(
    _ task: String, _ id: String, _ input: String, _ context: String, _ answers: [String], _ classes: [String]? = nil
  ) -> String {
    let fields: [String: Any] = [
      "dataset": task, "_id": id, "input": input, "context": context, "answers": answers, "length": 40,
      "language": "en", "all_classes": classes ?? NSNull(),
    ]
    return String(decoding: try! JSONSerialization.data(withJSONObject: fields, options: .sortedKeys), as: UTF8.self)
  }

  private func write(_ name: String, _ lines: [String]) throws {
    try files.write(name, Array(lines.joined(separator: "\n").utf8))
  }

  /// One thread, since two wait for each other where others compute too.
  private func run(_ more: String...) throws -> CommandRun {
    try CommandRun(["eval", "longbench", "--data", files.path("d.jsonl"), "--threads", "1"] + more)
  }

  /// Everything of a run but times.
  private func results(_ run: CommandRun) throws -> [String] {
    let results = try #require(try run.json()["results"] as? [[String: Any]], "\(run)")
    return results.map { "\($0["task"]!) \($0["id"]!) \($0["method"]!) \($0["score"]!) \($0["answer"]!)" }
  }

  @Test func everyMethodAnswersFromItsOwnCache() throws {
    try write("d.jsonl", [Self.samples[0], "{broken", "", Self.samples[1], Self.samples[2]])
    let run = try run("--methods", "full,lossless,streaming@8x", "--json")
    run.expectSuccess()
    #expect(run.errors == "fkv: passed over \(files.path("d.jsonl")): line 2: not JSON\n")
    let json = try run.json()
    #expect(json["kind"] as? String == "longbench")
    #expect(json["passed_over"] as? [String] == ["\(files.path("d.jsonl")): line 2: not JSON"])
    let tasks = try #require(json["tasks"] as? [[String: Any]])
    #expect(tasks.map { $0["task"] as? String } == ["trec", "triviaqa", "passage_retrieval_en"])
    let results = try #require(json["results"] as? [[String: Any]])
    #expect(results.count == 9)
    for group in 0..<3 {
      let (full, lossless) = (results[3 * group], results[3 * group + 1])
      #expect(full["answer"] as? String == lossless["answer"] as? String)
      #expect(full["score"] as? Double == lossless["score"] as? Double)
      let streaming = try #require(results[3 * group + 2]["cost"] as? [String: Any])
      #expect(streaming["ratio"] as? Double ?? 0 > 4)
    }
    #expect(results[3]["score"] as? Double == 1 && results[6]["score"] as? Double == 1)
    // Only the first line is waited for.
    #expect(results[3]["answer"] as? String == "Tom Baker\n")
  }

  @Test func anInterruptedRunGoesOn() throws {
    try write("d.jsonl", Self.samples)
    let log = files.path("r.jsonl")
    let whole = try run("--methods", "full,streaming@4x", "--log", log, "--json")
    whole.expectSuccess()
    let bytes = try files.bytes("r.jsonl")
    // Cut in the middle of its fifth result.
    let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }
    #expect(ends.count == 7)
    try files.write("r.jsonl", Array(bytes[...(ends[4] + 40)]))
    let again = try run("--methods", "full,streaming@4x", "--log", log, "--json")
    again.expectSuccess()
    #expect(try results(again) == results(whole))
    // Nothing is left to do: the log stays as it is.
    let done = try files.bytes("r.jsonl")
    let text = try run("--methods", "full,streaming@4x", "--log", log)
    text.expectSuccess()
    #expect(try files.bytes("r.jsonl") == done)
    for part in ["triviaqa", "F1", "average", "ratio", "full", "streaming@4x", "100.00"] {
      #expect(text.output.contains(part), "\(text.output)")
    }
    try run("--methods", "full", "--log", log, "--max-tokens-context", "64")
      .expectRefusal("r.jsonl", "tokens of a prompt", "use another log")
  }

  @Test func shardsMergeToTheWhole() throws {
    try write("d.jsonl", Self.samples)
    let whole = try run("--methods", "full", "--json")
    for shard in ["1/2", "2/2"] {
      try run("--methods", "full", "--shard", shard, "--log", files.path("s\(shard.prefix(1))")).expectSuccess()
    }
    let merged = try CommandRun(["eval", "merge", files.path("s1"), files.path("s2"), "--json"])
    merged.expectSuccess()
    #expect(try results(merged) == results(whole))
    #expect(try merged.json()["tasks"] as? NSArray == whole.json()["tasks"] as? NSArray)
    let one = try CommandRun(["eval", "merge", files.path("s1")])
    #expect(one.output.contains("triviaqa") && !one.output.contains("trec"))
  }

  @Test func tasksAndLengths() throws {
    try write("d.jsonl", Self.samples)
    // The folder; a prompt of about 170 tokens without a chat template cut to 80.
    let cut = try CommandRun([
      "eval", "longbench", "--data", files.scratch.path, "--methods", "full", "--tasks", "passage_retrieval_en",
      "--max-tokens-context", "80", "--no-chat", "--json", "--threads", "1",
    ])
    cut.expectSuccess()
    let results = try #require(try cut.json()["results"] as? [[String: Any]])
    #expect(results.count == 1)
    let cost = try #require(results[0]["cost"] as? [String: Any])
    #expect((10..<80).contains(try #require(cost["cached_tokens"] as? Int)))
    // More than the model's context holds is no matter while no prompt is so long.
    try run("--tasks", "trec", "--methods", "full", "--max-tokens-context", "9000").expectSuccess()
    try run("--tasks", "lsht").expectRefusal("no sample of the tasks asked for in \(files.path("d.jsonl"))")
    try CommandRun(["eval", "longbench", "--data", files.path("none")]).expectRefusal("none: cannot open: No such file")
  }

  static let misuses = [
    ["--tasks", "nq"], ["--tasks", ","], ["--limit", "0"], ["--max-tokens-context", "63"], ["--methods", "zip"],
    ["--shard", "1/2"],
  ]

  @Test(arguments: misuses) func misuseExitsWith64(arguments: [String]) throws {
    let run = try CommandRun(["eval", "longbench", "--data", "d"] + arguments)
    #expect(run.status == 64 && run.output == "" && run.errors.contains("Error: "), "\(run)")
  }
}
