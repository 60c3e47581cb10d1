import ArgumentParser
import Commands

/// The root command: a list of subcommands, no logic.
struct FKVCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fkv",
    abstract: "Makes a long prompt's KV cache small enough to keep, and says what that cost.",
    version: FKVVersion.current,
    subcommands: [
      Capture.self, Calibrate.self, Compress.self, Append.self, Inspect.self, Verify.self, Restore.self, Convert.self,
      Report.self, Generate.self, Eval.self, Bench.self, Synthetic.self,
    ])
}
