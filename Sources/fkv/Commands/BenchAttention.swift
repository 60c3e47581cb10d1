import ArgumentParser
import Commands

struct BenchAttention: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attention",
    abstract: "Times one decode step of attention over a layer of profile fourier or spectral.",
    discussion: """
      Attention without reconstruction against dense attention over the full cache, decoding and then attending, and the \
      direct reconstruction of keys and values. Every variant is checked against Float64 first, and timed only if its \
      error is 0.001 or less. Caches are emptied before each run, as other layers would.
      """)

  @Argument(help: "An .fkv of profile fourier or spectral; without one, layers are made up.") var file: String?
  @Option(
    number: .list(of: .atLeast(1)),
    help: ArgumentHelp(
      "Tokens of the made-up layers, separated by commas. (default: 8192,32768,131072)", valueName: "T"))
  var synthetic: NumberList<Int>?
  @Option(help: "cpu, or cuda for the first NVIDIA GPU.") var device: AttentionBenchPipeline.Device = .cpu
  @Option(number: .atLeast(0), help: "The file's layer.") var layer = 0
  @OptionGroup var key: KeyOption
  @Option(number: .atLeast(1), help: "Runs of each variant that are timed.") var runs = 15
  @OptionGroup var progress: ProgressOption
  @Flag(help: "Print JSON instead of text.") var json = false

  func validate() throws {
    if file != nil, synthetic != nil { throw ValidationError("give a file or '--synthetic', not both") }
  }

  func run() throws {
    var pipeline = AttentionBenchPipeline()
    pipeline.file = file
    pipeline.layer = layer
    pipeline.key = try key.find()?.key
    pipeline.runs = runs
    pipeline.device = device
    if let synthetic { pipeline.tokens = synthetic.numbers }
    let bar = progress.display("attention", unit: "steps")
    let reports = try pipeline.run { bar.update($0, of: $1) }
    bar.finish()
    if json {
      try JSONOutput.print(AttentionBenchJSON(reports))
    } else {
      try print(reports.map(AttentionBenchText.render).joined(separator: "\n\n"))
    }
    if !reports.allSatisfy(\.isSound) { throw ExitCode(1) }
  }
}

extension AttentionBenchPipeline.Device: ExpressibleByArgument {}
