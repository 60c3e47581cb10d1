import Commands
import Testing

@Suite struct HelpTests {
  static let commands: [(name: String, options: [String])] = [
    ("capture", ["--model", "--output", "--probe", "--context", "--chat-template", "--threads"]),
    (
      "compress",
      [
        "--output", "--profile", "--no-tokens", "--sinks", "--window", "--states", "--key-fraction",
        "--value-fraction", "--period", "--reconstruction", "--coefficients",
      ]
    ),
    ("inspect", ["--json"]), ("verify", ["--reference", "--max-error", "--max-memory", "--json"]),
    ("restore", ["--output", "--tokens", "--to", "--salvage", "--max-memory"]),
    (
      "convert",
      ["--to", "--from", "--list", "--output-folder", "--jobs", "--model", "--tokens", "--key-layout", "--json"]
    ),
    ("report", ["--reference", "--output", "--bench", "--model", "--continue", "--basis-file"]),
    ("append", ["--output", "--unchecked", "--measure", "--basis-file"]),
    ("generate", ["--model", "--prompt", "--no-chat", "--max-tokens", "--temperature", "--repeat-prefill", "--json"]),
    ("eval", ["needle", "perplexity", "merge"]),
  ]

  @Test func theRootListsEveryCommand() throws {
    for arguments in [["--help"], ["-h"], ["help"], []] {
      let run = try CommandRun(arguments)
      run.expectSuccess()
      #expect(run.errors == "")
      for command in Self.commands { #expect(run.output.contains("\n  \(command.name)")) }
    }
  }

  @Test(arguments: commands.indices) func everyCommandExplainsItself(index: Int) throws {
    let command = Self.commands[index]
    for arguments in [[command.name, "--help"], ["help", command.name]] {
      let run = try CommandRun(arguments)
      run.expectSuccess()
      #expect(run.errors == "" && run.output.contains("USAGE: fkv \(command.name)"))
      for option in command.options { #expect(run.output.contains(option)) }
    }
  }

  @Test func version() throws {
    let run = try CommandRun(["--version"])
    run.expectSuccess()
    #expect(run.output == FKVVersion.current + "\n")
  }

  static let misuses: [[String]] = [
    ["bogus"], ["capture"], ["capture", "p"], ["compress", "c"], ["inspect"], ["inspect", "a", "b"], ["restore", "a"],
    ["verify", "f", "--max-error", "0.1"], ["verify", "f", "--reference", "r", "--max-error", "-1"],
    ["verify", "f", "--reference", "r", "--max-error", "nan"], ["verify", "f", "--reference", "r", "--max-error", "x"],
    ["compress", "c", "-o", "f", "--profile", "zip"], ["compress", "c", "-o", "f", "--profile", "2"],
    ["compress", "c", "-o", "f", "--profile", "lossless", "--states", "8"],
    ["compress", "c", "-o", "f", "--states", "3"], ["compress", "c", "-o", "f", "--states", "0"],
    ["compress", "c", "-o", "f", "--sinks", "-1"], ["compress", "c", "-o", "f", "--window", "-1"],
    ["compress", "c", "-o", "f", "--key-fraction", "1.1"], ["compress", "c", "-o", "f", "--value-fraction", "nan"],
    ["compress", "c", "-o", "f", "--period", "0"], ["compress", "c", "-o", "f", "--period", "4194305"],
    ["compress", "c", "-o", "f", "--coefficients", "f8"], ["compress", "c", "-o", "f", "--reconstruction", "x"],
    ["capture", "p", "-o", "c", "--probe", "-1"], ["capture", "p", "-o", "c", "--context", "0"],
    ["append", "f"], ["append", "f", "c", "d"], ["restore", "f", "-o", "c", "--tokens", "5"],
    ["restore", "f", "-o", "c", "--tokens", "5-4"], ["restore", "f", "-o", "c", "--tokens", "-4"],
    ["restore", "f", "-o", "c", "--tokens", "1-99999999999999999999"],
    ["capture", "p", "-o", "c", "--threads", "0"], ["capture", "p", "-o", "c", "--chat-template", "maybe"],
  ]

  @Test(arguments: misuses) func misuseExitsWith64(arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 64 && run.output == "" && run.errors.contains("Error: "), "\(run)")
  }
}
