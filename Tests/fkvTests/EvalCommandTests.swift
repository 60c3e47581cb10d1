import Foundation
import Testing

/// `fkv eval` with the real model that set-up fetched, on texts of a few hundred tokens.
@Suite(.serialized) struct EvalCommandTests {
  private let files = CommandFiles()
  private static let text = (0..<40).map { "Line \($0): the river runs past the old mill, and the miller counts." }
    .joined(separator: "\n")

  private func needle(
    _ more: [String], lengths: String = "160,200", depths: String = "0,50", methods: String = "full,q8_0,streaming@10x"
  ) throws -> [String] {
    try files.write("h.txt", Array(Self.text.utf8))
    return [
      "eval", "needle", "--haystack", files.path("h.txt"), "--lengths", lengths, "--depths", depths, "--methods",
      methods, "--max-tokens", "8", "--threads", "1",
    ] + more
  }

  private func lines(_ name: String) throws -> [String] {
    try String(decoding: files.bytes(name), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func needles() throws {
    let run = try CommandRun(try needle(["--log", files.path("log"), "-o", files.path("map.svg")]))
    run.expectSuccess()
    #expect(run.errors == "")
    let chances = run.output.matches(of: /-[0-9]+\.[0-9]{2}/).map { Double($0.output)! }
    #expect(chances.count == 3 && chances[0] > -1 && chances[1] > -1 && chances[2] < -5)
    #expect(
      run.output.replacing(/\ +-[0-9]+\.[0-9]{2}/, with: "") == """
        method         160 tokens   found  200 tokens   found  all found    ln p
        full                1.00×  2 of 2       1.00×  2 of 2     4 of 4
        q8_0                1.88×  2 of 2       1.88×  2 of 2     4 of 4
        streaming@10x       10.0×  0 of 2       10.0×  0 of 2     0 of 4

        full        160  200
        depth 0 %     1    1
        depth 50 %    1    1

        q8_0        160  200
        depth 0 %     1    1
        depth 50 %    1    1

        streaming@10x  160  200
        depth 0 %        0    0
        depth 50 %       0    0

        """)
    #expect(try lines("log").count == 1 + 4 * 3)
    let map = String(decoding: try files.bytes("map.svg"), as: UTF8.self)
    #expect(map.contains("prefers-color-scheme: dark") && map.contains(">streaming@10x</text>"))
    #expect(map.components(separatedBy: "class=\"cell f10\"").count == 1 + 8)
    #expect(map.components(separatedBy: "class=\"cell f0\"").count == 1 + 4)
    #expect(!map.contains("<script") && !map.contains("http-equiv"))

    let json = try CommandRun(["eval", "merge", files.path("log"), "--json"])
    json.expectSuccess()
    let found = try json.json()
    let results = try #require(found["results"] as? [[String: Any]])
    #expect(results.count == 12 && results[0]["found"] as? Bool == true)
    let full = results.filter { $0["method"] as? String == "full" }.compactMap { $0["log_probability"] as? Double }
    let methods = try #require(found["methods"] as? [[String: Any]])
    let mean = try #require(methods[0]["mean_log_probability"] as? Double)
    #expect(full.count == 4 && abs(full.reduce(0, +) / 4 - mean) < 1e-9 && abs(mean - chances[0]) <= 0.0051)
    let cost = try #require(results[1]["cost"] as? [String: Any])
    #expect(cost["cached_tokens"] as? Int == 160)
    #expect(found["lengths"] as? [Int] == [160, 200] && found["kind"] as? String == "needle")
    #expect(try CommandRun(["eval", "merge", files.path("log")]).output == run.output)
  }

  /// Killed in the middle, a run goes on where it stopped and ends in the same table; so do two shards.
  @Test func interruptedAndSharedRuns() throws {
    func needle(_ more: String...) throws -> [String] {
      try self.needle(more, lengths: "100", depths: "0,20,40,60", methods: "full,streaming@10x")
    }
    let whole = try CommandRun(try needle("--log", files.path("whole")))
    whole.expectSuccess()

    let process = Process()
    process.executableURL = CommandRun.binary
    process.arguments = try needle("--log", files.path("log"))
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    try process.run()
    while process.isRunning, (try? lines("log").count) ?? 0 < 4 { usleep(2000) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
    let left = try lines("log")
    #expect((4...8).contains(left.count))
    // What was being written when it ended.
    try files.write("log", try files.bytes("log") + Array(#"{"cell":{"depth":50,"le"#.utf8))
    let resumed = try CommandRun(try needle("--log", files.path("log")))
    resumed.expectSuccess()
    #expect(resumed.output == whole.output)
    #expect(
      resumed.errors == "fkv: \(files.path("log")): line \(left.count + 1) is passed over: "
        + "it was cut off while it was written\n")
    #expect(try Array(lines("log").prefix(left.count)) == left && lines("log").count == 9)

    for shard in ["1/2", "2/2"] {
      let path = files.path("s\(shard.prefix(1))")
      try CommandRun(try needle("--log", path, "--shard", shard)).expectSuccess()
      #expect(try lines("s\(shard.prefix(1))").count == 5)
    }
    let merged = try CommandRun(["eval", "merge", files.path("s1"), files.path("s2")])
    merged.expectSuccess()
    #expect(merged.output == whole.output)
  }

  @Test func logsThatDoNotFit() throws {
    try CommandRun(try needle(["--log", files.path("log")], methods: "full")).expectSuccess()
    let before = try files.bytes("log")
    let other = try CommandRun(
      try needle(["--log", files.path("log"), "--needle", "n {code}", "--question", "q", "--answer", "{code}"]))
    other.expectRefusal("log: the log was made with needle \"The secret code", "asked for is \"n {code}\"")
    try CommandRun([
      "eval", "perplexity", files.path("h.txt"), "--cached", "64", "--follow", "4", "--log", files.path("log"),
    ]).expectRefusal("log: a log of 'needle', not of 'perplexity'")
    try files.write("other.txt", Array("no log".utf8))
    try CommandRun(try needle(["--log", files.path("other.txt")])).expectRefusal("other.txt: not a results log")
    try CommandRun(try needle(["--log", "/dev/full"])).expectRefusal("/dev/full: not a regular file")
    try CommandRun(["eval", "merge", files.path("log"), files.path("h.txt")]).expectRefusal("h.txt: not a results log")
    try CommandRun(["eval", "merge", files.path("none")]).expectRefusal("none: cannot open")
    #expect(try files.bytes("log") == before)

    // A broken line is named; the rest goes on.
    var broken = try lines("log")
    broken[2] = "{\"cell\":7}"
    try files.write("log", Array((broken.joined(separator: "\n") + "\n").utf8))
    let merged = try CommandRun(["eval", "merge", files.path("log")])
    merged.expectSuccess()
    #expect(merged.errors == "fkv: \(files.path("log")): line 3 is passed over: \"cell\" holds another type of value\n")
    #expect(merged.output.contains("3 of 3"))
    let again = try CommandRun(try needle(["--log", files.path("log")], methods: "full"))
    again.expectSuccess()
    #expect(again.output.contains("4 of 4") && again.errors == merged.errors)
  }

  @Test func perplexity() throws {
    try files.write("h.txt", Array(Self.text.utf8))
    let arguments = [
      "eval", "perplexity", files.path("h.txt"), "--cached", "100,120", "--follow", "5", "--methods",
      "full,lossless,q4_0+hadamard", "--threads", "1",
    ]
    let run = try CommandRun(arguments)
    run.expectSuccess()
    let rows = run.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(rows.count == 2 * 5 && rows[0][0] == "h.txt:" && rows[0].contains("scored,"))
    #expect(rows[2][0] == "full" && rows[2][3...6] == ["1.00×", "0", "0", "0"] && rows[2].suffix(2) == ["100", "%"])
    #expect(rows[3][0] == "lossless" && rows[3][4...6] == ["0", "0", "0"])
    #expect(rows[4][0] == "q4_0+hadamard" && rows[4][4] != "0")
    let json = try CommandRun(arguments + ["--json"]).json()
    let results = try #require(json["results"] as? [[String: Any]])
    #expect(results.count == 6 && results[2]["kl_p99"] is Double && results[3]["cached_tokens"] as? Int == 120)
    #expect(results[0]["scored_tokens"] as? Int == 4 && results[0]["top1_agreement"] as? Double == 1)
  }

  @Test func whatCannotBeRun() throws {
    try CommandRun(try needle(["--lengths", "4000"])).expectRefusal("the haystack has", "for a length of 4000")
    try CommandRun(try needle(["--lengths", "5"])).expectRefusal("does not fit into a length of 5")
    try files.write("empty", [])
    try CommandRun(try needle(["--haystack", files.path("empty")])).expectRefusal("empty: the prompt is empty")
    func perplexity(_ more: String...) throws -> CommandRun {
      try CommandRun(["eval", "perplexity", files.path("h.txt"), "--methods", "full"] + more)
    }
    try perplexity("--cached", "100").expectRefusal("h.txt: ", "100 are to be cached and 1024 to follow")
    try perplexity("--cached", "9223372036854775807").expectRefusal("h.txt: ", "and 1024 to follow")
    try perplexity("--cached", "9", "--follow", "9223372036854775807").expectRefusal("h.txt: ", "9 are to be cached")
    try perplexity(files.path("h.txt"), "--cached", "10", "--follow", "2").expectRefusal("two texts are named h.txt")
    try perplexity("--cached", "10", "--follow", "4", "--model", files.path("empty")).expectRefusal("empty: ")
    try CommandRun(try needle([], methods: "spectral-model@12x") + ["--basis-file", files.path("none")])
      .expectRefusal("none: cannot open")
    // The engine's temporary files and the log find no room.
    let full = try CommandRun(try needle(["--log", files.path("log")]), fileBlocks: 4)
    #expect(full.status == 2 && full.output == "" && full.errors.hasPrefix("fkv: error: "), "\(full)")
    #expect(try lines("log").count == 1)
  }

  static let misuses: [[String]] = [
    ["eval", "bogus"], ["eval", "needle"], ["eval", "perplexity"], ["eval", "merge"],
    ["eval", "needle", "--haystack", "h", "--lengths", "0"],
    ["eval", "needle", "--haystack", "h", "--lengths", "1,,2"],
    ["eval", "needle", "--haystack", "h", "--lengths", "8,8"],
    ["eval", "needle", "--haystack", "h", "--depths", "101"],
    ["eval", "needle", "--haystack", "h", "--depths", "nan"], ["eval", "needle", "--haystack", "h", "--trials", "0"],
    ["eval", "needle", "--haystack", "h", "--needle", "n"], ["eval", "needle", "--haystack", "h", "--max-tokens", "0"],
    ["eval", "needle", "--haystack", "h", "--methods", "bogus"],
    ["eval", "needle", "--haystack", "h", "--methods", "full,full"],
    ["eval", "needle", "--haystack", "h", "--needle", "n", "--question", "q", "--answer", "?"],
    ["eval", "needle", "--haystack", "h", "--trials", "1001"], ["eval", "needle", "--haystack", "h", "--shard", "1/2"],
    ["eval", "needle", "--haystack", "h", "--log", "l", "--shard", "3/2"],
    ["eval", "perplexity", "t", "--follow", "1"], ["eval", "perplexity", "t", "--cached", "0"],
    ["eval", "perplexity", "t", "--threads", "0"],
  ]

  @Test(arguments: misuses) func misuseExitsWith64(arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 64 && run.output == "" && run.errors.contains("Error: "), "\(run)")
  }
}
