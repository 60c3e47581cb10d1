import ArgumentParser
import Commands
import Evaluation

/// What all evaluations are told.
struct EvalOptions: ParsableArguments {
  @Option(help: "The model, a GGUF file (default: the one that make setup fetched).") var model: String?
  @Option(
    help: ArgumentHelp(
      "The methods, separated by commas: \(EvalMethod.forms.joined(separator: ", ")).", valueName: "methods"))
  var methods = "full,fourier,spectral@12x,spectral@20x,q4_0,kivi-2,streaming@12x"
  @Option(help: "Keep results in this file as they come; results that it holds are not worked out again.")
  var log: String?
  @Option(
    number: .form("i/n with i from 1 to n, as 2/8", Shard.init),
    help: ArgumentHelp("Work on the i-th of n parts of the cells only.", valueName: "i/n"))
  var shard: Shard?
  @OptionGroup var basis: BasisFileOption
  @Flag(help: "Take control tokens that the texts name, such as <|im_start|>, as those tokens.") var special = false
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var progress: ProgressOption
  @Flag(help: "Print JSON instead of text.") var json = false

  func validate() throws {
    do { _ = try EvalMethod.list(methods) } catch { throw ValidationError("'--methods': \(error)") }
    if shard != nil && log == nil { throw ValidationError("'--shard' needs '--log'") }
  }

  /// The setup that the options ask for.
  ///
  /// - Throws: `ModelLocation.Missing`.
  func setup() throws -> EvalSetup {
    var setup = EvalSetup(
      model: try ModelLocation.find(model), methods: try EvalMethod.list(methods),
      threads: threads.count)
    setup.log = log
    setup.shard = shard ?? .whole
    setup.basisFile = basis.basisFile
    setup.parsesControl = special
    return setup
  }

  /// What an evaluation reads: model, basis, and files of its own.
  func inputs(_ role: CommandInputs.Role, _ files: [String]) -> CommandInputs {
    var inputs = CommandInputs([.model: model ?? ModelLocation.standardModel, .basis: basis.basisFile])
    inputs.add(role, files)
    return inputs
  }

  /// - Throws: `OutputConflict` if results would go into a file that is read.
  func protect(_ role: CommandInputs.Role, _ files: [String]) throws {
    try inputs(role, files).protect(from: log, role: "log")
  }

  /// What `body` returns, with a bar while it works.
  func withProgress<Report>(_ body: ((EvalProgress) -> Void) throws -> Report) rethrows -> Report {
    let bar = progress.display("eval", unit: "results")
    defer { bar.finish() }
    return try body { progress in
      bar.update(
        progress.done, of: progress.total, note: progress.secondsLeft.map { "about \(Format.duration($0)) left" })
    }
  }
}
