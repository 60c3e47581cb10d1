import ArgumentParser
import Commands

struct EvalMerge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Shows the results of one or more logs of the same evaluation.",
    discussion: "The logs of shards together give the table that one run would have given.")

  @Argument(help: "Logs that 'fkv eval' wrote with --log.") var logs: [String]
  @Option(
    name: .shortAndLong, help: ArgumentHelp("Also draw a needle test's heat map into this file.", valueName: "file.svg")
  )
  var output: String?
  @Flag(help: "Print JSON instead of text.") var json = false

  func validate() throws {
    if logs.isEmpty { throw ValidationError("give at least one log") }
  }

  func run() throws {
    var inputs = CommandInputs()
    inputs.add(.log, logs)
    try inputs.protect(from: output, role: "heat map")
    try EvalOutput.print(try MergedEvaluation(logs: logs), map: output, json: json)
  }
}
