import Commands
import Foundation
import Interchange
import KVCacheModel
import Testing

/// `fkv generate` with the real model that set-up fetched.
@Suite(.serialized) struct GenerateCommandTests {
  private let files = CommandFiles()
  private static let text = """
    The lighthouse at Cape Morrow was built in 1874 by the engineer Ada Finch. It stands 41 metres tall and its lamp is \
    lit by a keeper named Tom.
    """

  private func capture(_ more: String...) throws {
    try files.write("p.txt", Array(Self.text.utf8))
    try CommandRun(
      ["capture", files.path("p.txt"), "-o", files.path("c.safetensors"), "--probe", "4", "--threads", "1"] + more
    ).expectSuccess()
    try CommandRun(["compress", files.path("c.safetensors"), "-o", files.path("c.fkv"), "--profile", "lossless"])
      .expectSuccess()
  }

  private func generate(_ more: String..., file: String = "c.fkv", input: String = "") throws -> CommandRun {
    try CommandRun(["generate", files.path(file), "--threads", "1"] + more, input: Array(input.utf8))
  }

  @Test func anOpenDocumentIsAsked() throws {
    try capture("--chat-template", "open", "--system", "Answer in one sentence.")
    let run = try generate("-p", "How tall is it?", "-n", "40")
    run.expectSuccess()
    #expect(run.output.contains("41") && run.output.hasSuffix("\n"))
    let lines = run.errors.split(separator: "\n")
    #expect(lines.count == 3 && lines.allSatisfy { $0.hasPrefix("fkv: ") })
    #expect(lines[0].contains("cached tokens decoded in") && lines[0].contains("loaded in"))
    #expect(lines[1].contains("the prefill had taken") && lines[1].contains("× as late"))
    #expect(lines[2].contains("ended by end-of-generation"))

    try files.write("q.txt", Array("How tall is it?".utf8))
    for (argument, input) in [(files.path("q.txt"), ""), ("-", "How tall is it?")] {
      #expect(try generate("-p", argument, "-n", "40", input: input).output == run.output)
    }
    #expect(try generate("-p", "How tall is it?", "-n", "40", file: "c.safetensors").output == run.output)
    #expect(try generate("--no-chat", "-p", " Tom is", "-n", "4").output != run.output)
  }

  @Test func figuresAreReported() throws {
    try capture()
    let run = try generate("-n", "6", "--repeat-prefill", "--json")
    run.expectSuccess()
    #expect(run.errors == "")
    let found = try run.json()
    #expect((found["tokens"] as? [Int])?.count == 6 && found["stop"] as? String == "max-tokens")
    #expect(found["fed_tokens"] as? Int == 1 && found["recorded_prefill_seconds"] is Double)
    let repeated = try #require(found["repeated_prefill"] as? [String: Any])
    #expect(repeated["same_first_token"] as? Bool == true)
    let parts = try ["decode_seconds", "load_seconds", "first_token_seconds"].map { try #require(found[$0] as? Double) }
    let total = try #require(found["total_seconds"] as? Double)
    #expect(parts.allSatisfy { $0 > 0 } && abs(parts.reduce(0, +) - total) < 1e-9)
    let speedup = try #require(found["speedup"] as? Double)
    #expect(abs(speedup * total - (try #require(repeated["total_seconds"] as? Double))) < 1e-9)

    let text = try generate("-n", "6", "--repeat-prefill")
    text.expectSuccess()
    #expect(text.output == (try #require(found["text"] as? String)) + "\n")
    #expect(text.errors.contains("with the prefill done again") && text.errors.contains("is the same"))
    // A file that does not say what its prefill took.
    var silent = try Self.memory(CaptureFile(path: files.path("c.safetensors")))
    silent.description.provenance = [:]
    try files.capture("silent.safetensors", silent)
    #expect(try generate("-n", "2", file: "silent.safetensors").errors.contains("is unknown"))
    #expect(try generate("-n", "2", "--json", file: "silent.safetensors").json()["speedup"] == nil)
  }

  private static func memory(_ file: CaptureFile) throws -> MemoryCache {
    let layers = file.description.geometry.layers.indices
    return MemoryCache(
      description: file.description, keys: try layers.map { try file.tensor(.key, layer: $0) },
      values: try layers.map { try file.tensor(.value, layer: $0) },
      queries: try layers.compactMap { try file.probeQueries(layer: $0) })
  }

  @Test func anotherModelIsRefusedWithBothFingerprints() throws {
    try files.capture()
    try files.compressed()
    for file in ["c.fkv", "c.safetensors"] {
      try generate("-p", "x", file: file).expectRefusal(
        "the cache belongs to model synthetic (1), not to Smollm2 135M 8k Lc100K Mix1 Ep2 (02280f7c")
    }
  }

  @Test func whatCannotBeGoneOnFrom() throws {
    try capture()
    try generate("-p", String(repeating: "word ", count: 9000)).expectRefusal("do not fit into a context of 8192")
    try generate("-p", "x", "--system", "s").expectRefusal("a system message can only begin a new turn")
    try generate("--chat").expectRefusal("a new turn needs a prompt")
    try generate("-p", "x", "--model", files.path("p.txt")).expectRefusal("p.txt: not a GGUF file")
    try generate("-p", "x", file: "p.txt").expectRefusal("p.txt: ")
    try generate("-p", "x", file: "none.fkv").expectRefusal("none.fkv: cannot open")
    try files.write("bad.txt", [0x66, 0xFF])
    try generate("-p", files.path("bad.txt")).expectRefusal("bad.txt: the continuation is not UTF-8 text")
    // A file damaged where its keys are.
    var bytes = try files.bytes("c.fkv")
    bytes[bytes.count / 2] ^= 1
    try files.write("damaged.fkv", bytes)
    try generate("-p", "x", file: "damaged.fkv").expectRefusal("damaged.fkv: ", "damaged")
  }

  @Test func misuse() throws {
    for (option, value, demand) in [
      ("-n <max-tokens>", "0", "must be 1 or more"), ("--temperature <temperature>", "-1", "must be 0 or more"),
      ("--temperature <temperature>", "nan", "must be a finite number"), ("--top-k <top-k>", "-1", "must be 0 or more"),
      ("--top-p <top-p>", "0", "must be more than 0 and at most 1"),
      ("--top-p <top-p>", "1.1", "must be more than 0 and at most 1"),
      ("--threads <threads>", "0", "must be 1 or more"),
      ("--seed <seed>", "-1", "must be 0 or more"),
    ] {
      let run = try CommandRun(["generate", "c.fkv", String(option.prefix { $0 != " " }), value])
      let line = "Error: The value '\(value)' is invalid for '\(option)': \(demand), not \(value)\n"
      #expect(run.status == 64 && run.output == "" && run.errors.hasPrefix(line), "\(run)")
    }
    let run = try CommandRun(["capture", "p", "-o", "c", "--system", "s"])
    #expect(run.status == 64 && run.errors.contains("'--system' needs '--chat-template on'"))
  }

  /// The name of a file that is not there is no question.
  @Test func aPromptFileThatIsMissing() throws {
    try capture()
    for name in [files.path("q.txt"), "./q", "../q", "~/q", "q.md"] {
      let run = try generate("-p", name)
      run.expectUsage("fkv: error: \(name): no such file; ", "'-p -' reads standard input")
    }
    try CommandRun([
      "verify", files.path("c.fkv"), "--reference", files.path("c.safetensors"), "--continue", "q.txt",
    ]).expectUsage("fkv: error: q.txt: no such file; ", "'--continue -' reads standard input")
    // The way out that the message names.
    try generate("-p", "-", "-n", "1", input: "q.txt").expectSuccess()
    try generate("-p", "https://a.org/q.txt", "-n", "1").expectSuccess()
  }

  /// Standard output that is full ends the run with an error.
  @Test func aFullDisk() throws {
    try capture()
    let process = Process()
    process.executableURL = CommandRun.binary
    process.arguments = ["generate", files.path("c.fkv"), "-n", "4", "--threads", "1"]
    process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    process.waitUntilExit()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(process.terminationStatus == 2 && text.hasPrefix("fkv: error: "), "\(text)")
  }
}
