import ArgumentParser
import Commands

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a page on an .fkv file: where its bytes went, what attention loses and where.",
    discussion: """
      One HTML file that loads nothing from elsewhere and runs no script: bytes by part and layer, attention-output error \
      by layer and query head, errors by depth, spectra of keys and values; with --bench this file among other methods, \
      with --continue what the model predicts over both caches.
      """)

  @Argument(help: "The .fkv file.") var file: String
  @Option(help: "The capture that the file was made of, or another of the same prompt.") var reference: String
  @Option(name: .shortAndLong, help: "The page to write.") var output: String
  @Option(help: "What 'fkv bench --json' printed of the same cache.") var bench: String?
  @OptionGroup var continuation: ContinuationOptions
  @OptionGroup var basis: BasisFileOption
  @OptionGroup var key: KeyOption
  @OptionGroup var progress: ProgressOption

  func run() throws {
    try CommandInputs([
      .cache: file, .reference: reference, .benchResult: bench, .continuation: continuation.continuation,
      .model: continuation.continuation == nil ? nil : continuation.model ?? ModelLocation.standardModel,
      .basis: basis.basisFile, .keyFile: key.keyFile,
    ]).protect(from: output)
    var pipeline = ReportPipeline(path: file, reference: reference)
    pipeline.benchResult = bench
    pipeline.basisFile = basis.basisFile
    pipeline.key = try key.find()?.key
    pipeline.continuation = try continuation.request()
    let stages = progress.stages()
    defer { stages.finish() }
    let (contents, bytes) = try pipeline.write(
      to: output,
      progress: { stage, done, total in
        switch stage {
        case .comparing: stages.update("compare", unit: "layers", done, of: total)
        case .predicting: stages.update("continue", unit: "tokens", done, of: total)
        case .surveying: stages.update("spectra", unit: "layers", done, of: total)
        }
      }, render: { ReportPage($0, arguments: Array(CommandLine.arguments.dropFirst())).html })
    try print(
      "\(output): \(Format.bytes(bytes)); profile \(contents.inspection.header.profile.name), ratio "
        + "\(Format.ratio(contents.inspection.size.ratio)), attention-output error "
        + "\(Format.significant(contents.comparison.attention.mean)) mean")
  }
}
