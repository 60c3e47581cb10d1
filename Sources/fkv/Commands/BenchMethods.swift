import ArgumentParser
import Commands

struct BenchMethods: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods",
    abstract: "Compares fkv's profiles with other methods on the same captures.",
    discussion: """
      Every method really codes the whole cache; file bytes count all of it: scales, tables, windows, headers. Errors \
      are those of 'fkv verify', over all captured probe queries. A basis that lies outside the file has its own column.
      """)

  @Argument(help: "Captures with probe queries.") var caches: [String]
  @Option(help: ArgumentHelp("Only these methods, separated by commas.", valueName: "names")) var methods: String?
  @Option(name: .customLong("basis-file"), help: "The basis file of method spectral-model.") var basisFile: String?
  @Option(
    name: .customLong("kvtc-calibration"),
    help: ArgumentHelp(
      "Captures of other prompts, separated by commas, that KVTC's basis is made of.", valueName: "captures"))
  var calibration: String?
  @Option(
    name: .customLong("at-error"), eachNumber: .aboveZero,
    help: "Also print each method's ratio at this mean attention-output error, interpolated; may be repeated.")
  var atError: [Double] = []
  @Option(help: ArgumentHelp("Also plot, into <prefix><capture's name>.svg.", valueName: "prefix")) var svg: String?
  @OptionGroup var progress: ProgressOption
  @Flag(help: "Print JSON instead of text.") var json = false

  private var methodNames: [String]? { methods.map { $0.split(separator: ",").map(String.init) } }

  func validate() throws {
    if caches.isEmpty { throw ValidationError("give at least one capture") }
    if svg != nil, let twice = Dictionary(grouping: caches, by: BenchText.name).values.first(where: { $0.count > 1 }) {
      throw ValidationError(
        "'\(twice[0])' and '\(twice[1])' have one name, so that '--svg' would draw both into one file")
    }
    for name in methodNames ?? [] where !BenchPipeline.methodNames.contains(name) {
      throw ValidationError(
        "'--methods' has no '\(name)'; there are \(BenchPipeline.methodNames.joined(separator: ", "))")
    }
  }

  func run() throws {
    var inputs = CommandInputs([.basis: basisFile])
    inputs.add(.capture, caches + (calibration?.split(separator: ",").map(String.init) ?? []))
    for path in caches { try inputs.protect(from: svg.map { "\($0)\(BenchText.name(path)).svg" }, role: "plot") }
    var pipeline = BenchPipeline(
      captures: caches, methods: methodNames.map(Set.init),
      calibration: calibration?.split(separator: ",").map(String.init) ?? [])
    pipeline.basisFile = basisFile
    let bar = progress.display("bench", unit: "points")
    let reports = try pipeline.run { bar.update($0, of: $1) }
    bar.finish()
    if let svg {
      for report in reports {
        try BenchPipeline.write(RateErrorPlot(report).svg, to: "\(svg)\(BenchText.name(report.capture)).svg")
      }
    }
    if json {
      try JSONOutput.print(BenchJSON(reports, errors: atError))
    } else {
      try print(reports.map { BenchText.render($0, errors: atError) }.joined(separator: "\n\n"))
    }
    for skip in reports.flatMap(\.skipped) {
      Diagnostics.note("skipped \(skip.method)\(skip.setting.isEmpty ? "" : " (\(skip.setting))"): \(skip.reason)")
    }
  }
}
