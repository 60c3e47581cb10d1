import ArgumentParser
import Commands
import Evaluation

struct EvalLongBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "longbench",
    abstract: "Asks the questions of LongBench's files, with its prompts and metrics.",
    discussion: """
      The prompt up to the end of the document is cached, kept by each method, and the rest of the template put after \
      it. Data are yours to give: LongBench's .jsonl files, or others in their layout. A line that is broken is named \
      and passed over.
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Files in LongBench's layout, or folders of .jsonl files.", valueName: "file|folder"))
  var data: [String]
  @Option(
    help: ArgumentHelp(
      "Only these tasks, separated by commas: \(LongBenchTask.allCases.map(\.rawValue).joined(separator: ", ")); with _e "
        + "after the name those of LongBench-E.", valueName: "tasks"))
  var tasks: String?
  @Option(number: .atLeast(1), help: "Only the first samples of each task.") var limit: Int?
  @Option(
    name: .customLong("max-tokens-context"), number: .atLeast(LongBenchPipeline.leastPromptLimit),
    help: "The most tokens of a prompt; longer ones are cut in the middle (default: what the model's context holds).")
  var maxTokens: Int?
  @Flag(
    inversion: .prefixedNo,
    help: "Ask in the model's chat template where LongBench asks chat models so (default: if the model has one).")
  var chat: Bool?
  @OptionGroup var options: EvalOptions

  /// - Throws: `ValidationError` for names that are no tasks.
  private func rows() throws -> Set<LongBenchRow>? {
    guard let tasks else { return nil }
    return Set(
      try tasks.split(separator: ",").map { name in
        guard let row = LongBenchRow(name: String(name)) else {
          throw ValidationError("'--tasks' has no '\(name)'; see 'fkv eval longbench --help'")
        }
        return row
      })
  }

  func validate() throws {
    if data.isEmpty { throw ValidationError("give at least one '--data'") }
    if let rows = try rows(), rows.isEmpty { throw ValidationError("'--tasks' names none") }
  }

  func run() throws {
    try options.protect(.data, data)
    var pipeline = LongBenchPipeline(setup: try options.setup(), paths: data)
    pipeline.rows = try rows()
    pipeline.limit = limit
    pipeline.promptLimit = maxTokens
    pipeline.usesChatTemplate = chat
    let report = try options.withProgress { try pipeline.run(progress: $0) }
    try EvalOutput.print(.longBench(report), json: options.json)
  }
}
