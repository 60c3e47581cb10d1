import Foundation
import Testing

/// `fkv eval longbench` with the real model that set-up fetched, on three short samples.
@Suite(.serialized) struct LongBenchCommandTests {
  private let files = CommandFiles()

  private static let samples = [
    sample(
      "multifieldqa_en", "a1", "Who repairs the mill?",
      "The mill at Orrin stands by the river. The wheel turns all year. The mill is repaired by Tom Baker. His sister "
        + "Ada keeps the books, and the flour is sold in three towns.", ["Tom Baker"]),
    sample(
      "trec", "b1", "Question: How many bridges has the town ?\nType:",
      "Question: Who built the tower ?\nType: Person\nQuestion: How many eggs are in a dozen ?\nType: Number\n"
        + "Question: How many days has June ?\nType: Number\nQuestion: Who wrote the letter ?\nType: Person",
      ["Number"],
      ["Person", "Number"]),
    sample(
      "lcc", "c1", "",
      "def area(width, height):\n    return width * height\n\ndef volume(width, height, depth):\n",
      ["    return width * height * depth"]),
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

  private func run(_ more: String...) throws -> CommandRun {
    try CommandRun(["eval", "longbench", "--data", files.path("d.jsonl"), "--threads", "2"] + more)
  }

  /// Everything of a run but times.
  private func results(_ run: CommandRun) throws -> [String] {
    let results = try #require(try run.json()["results"] as? [[String: Any]])
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
    #expect(tasks.map { $0["task"] as? String } == ["multifieldqa_en", "trec", "lcc"])
    let results = try #require(json["results"] as? [[String: Any]])
    #expect(results.count == 9)
    for group in 0..<3 {
      let (full, lossless) = (results[3 * group], results[3 * group + 1])
      #expect(full["answer"] as? String == lossless["answer"] as? String)
      #expect(full["score"] as? Double == lossless["score"] as? Double)
      let streaming = try #require(results[3 * group + 2]["cost"] as? [String: Any])
      #expect(streaming["ratio"] as? Double ?? 0 > 4)
    }
    // The answers stand in the prompts, and the model copies them.
    #expect((results[0]["answer"] as? String)?.contains("Tom Baker") == true)
    #expect(results[3]["score"] as? Double == 1)
    #expect(results[6]["score"] as? Double ?? 0 > 0.5)
    // Only the first line is asked for.
    #expect((results[3]["answer"] as? String)?.contains("Question") == false)
  }

  @Test func anInterruptedRunGoesOn() throws {
    try write("d.jsonl", Self.samples)
    let log = files.path("r.jsonl")
    let whole = try run("--methods", "full,q4_0", "--log", log, "--json")
    whole.expectSuccess()
    let bytes = try files.bytes("r.jsonl")
    // Cut in the middle of its third result.
    let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }
    #expect(ends.count == 7)
    try files.write("r.jsonl", Array(bytes[...(ends[2] + 40)]))
    let again = try run("--methods", "full,q4_0", "--log", log, "--json")
    again.expectSuccess()
    #expect(try results(again) == results(whole))
    // Nothing left to do: the log stays as it is.
    let done = try files.bytes("r.jsonl")
    let text = try run("--methods", "full,q4_0", "--log", log)
    text.expectSuccess()
    #expect(try files.bytes("r.jsonl") == done)
    for part in ["multifieldqa_en", "edit similarity", "average", "ratio", "full  ", "q4_0"] {
      #expect(text.output.contains(part), "\(text.output)")
    }
    try run("--methods", "full", "--log", log, "--max-tokens-context", "64")
      .expectRefusal("r.jsonl", "tokens of a prompt", "use another log")
  }

  @Test func shardsMergeToTheWhole() throws {
    try write("d.jsonl", Self.samples)
    let whole = try run("--methods", "full,q4_0", "--json")
    for shard in ["1/2", "2/2"] {
      try run("--methods", "full,q4_0", "--shard", shard, "--log", files.path("s\(shard.prefix(1))")).expectSuccess()
    }
    let merged = try CommandRun(["eval", "merge", files.path("s1"), files.path("s2"), "--json"])
    merged.expectSuccess()
    #expect(try results(merged) == results(whole))
    #expect(try merged.json()["tasks"] as? NSArray == whole.json()["tasks"] as? NSArray)
    let one = try CommandRun(["eval", "merge", files.path("s1")])
    #expect(one.output.contains("lcc") && !one.output.contains("trec"))
  }

  @Test func tasksAndLengths() throws {
    try write("d.jsonl", Self.samples)
    let cut = try run(
      "--methods", "full", "--tasks", "multifieldqa_en", "--max-tokens-context", "64", "--no-chat", "--json")
    cut.expectSuccess()
    let results = try #require(try cut.json()["results"] as? [[String: Any]])
    #expect(results.count == 1)
    let cost = try #require(results[0]["cost"] as? [String: Any])
    #expect((10..<64).contains(try #require(cost["cached_tokens"] as? Int)))
    try run("--tasks", "lsht").expectRefusal("no sample of the tasks asked for in \(files.path("d.jsonl"))")
    try CommandRun(["eval", "longbench", "--data", files.path("none")]).expectRefusal("none: cannot open: No such file")
    // More than the model's context is no matter while no prompt is so long.
    try CommandRun([
      "eval", "longbench", "--data", files.scratch.path, "--tasks", "lcc", "--methods", "full",
      "--max-tokens-context", "9000",
    ]).expectSuccess()
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
