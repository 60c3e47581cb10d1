import ArgumentParser
import Commands
import KVCacheModel

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a cache of one program in another program's format.",
    discussion: """
      The input's format is told by its content. Keys are permuted where the target's programs rotate other pairs. \
      What the input does not say and the target needs is asked for by option. Outputs appear whole or not at all.
      """)

  @Argument(help: ArgumentHelp("The input, and where it goes; with --output-folder, inputs only.", valueName: "path"))
  var paths: [String] = []
  @Option(help: "The output's format (default: capture).") var to: String?
  @Option(name: .customLong("output-folder"), help: "Convert every input into this folder.") var outputFolder: String?
  @Option(number: .atLeast(1), help: "Inputs converted at a time, with --output-folder (default: 1).") var jobs: Int?
  @Flag(name: .customLong("no-tokens"), help: "Leave the prompt's token ids out of the output.") var noTokens = false
  @Flag(help: "List the formats, what is read and written, and what each cannot carry.") var list = false
  @OptionGroup(title: "What the input does not say") var foreign: ForeignOptions
  @OptionGroup(title: "The output") var target: TargetOptions
  @OptionGroup var basis: BasisFileOption
  @OptionGroup var key: KeyOption
  @OptionGroup var progress: ProgressOption
  @Flag(help: "Print JSON instead of text.") var json = false

  func validate() throws {
    if list {
      guard paths.isEmpty else { throw ValidationError("'--list' takes no input") }
      return
    }
    if outputFolder == nil, paths.count != 2 {
      throw ValidationError("give an input and an output, or --output-folder")
    }
    if outputFolder != nil, paths.isEmpty { throw ValidationError("give at least one input") }
    if jobs != nil, outputFolder == nil { throw ValidationError("'--jobs' needs '--output-folder'") }
    try TargetOptions.checkTarget(to)
  }

  func run() throws {
    if list { return try printList() }
    try protectInputs()
    var reading = try foreign.reading()
    reading.elementType = target.readType
    reading.basisFile = basis.basisFile
    reading.key = try key.find()?.key
    var writing = target.writing(to ?? "capture")
    writing.model = reading.supplied.model
    writing.includesTokens = !noTokens
    writing.key = reading.key
    if let outputFolder { return try convertAll(into: outputFolder, reading, writing) }

    let bar = progress.display("convert", unit: "layers")
    defer { bar.finish() }
    let report = try ConvertPipeline(input: paths[0], output: paths[1], reading: reading, writing: writing)
      .run { bar.update($0, of: $1) }
    bar.finish()
    let result = ConvertJSON(report)
    if json { try JSONOutput.print(ConvertJSON.Batch([result])) } else { try print(ConvertText.line(report)) }
    ConvertText.noteLosses(report.losses, of: report.input)
  }

  /// - Throws: `OutputConflict` if an output would replace what is read, before anything is.
  private func protectInputs() throws {
    var inputs = CommandInputs([
      .basis: basis.basisFile, .keyFile: key.keyFile, .model: foreign.model, .tokenIDs: foreign.tokens,
    ])
    let format = to ?? "capture"
    inputs.add(.cache, outputFolder == nil ? [paths[0]] : paths)
    let outputs = outputFolder.map { folder in
      let batch = ConvertBatch(inputs: paths, folder: folder, writing: CacheWriting(format: format))
      return paths.map(batch.output)
    }
    for output in outputs ?? [paths[1]] {
      try inputs.protect(from: output, isFolder: CacheFormats.writesFolder(format))
    }
  }

  private func convertAll(into folder: String, _ reading: CacheReading, _ writing: CacheWriting) throws {
    var batch = ConvertBatch(inputs: paths, folder: folder, reading: reading, writing: writing)
    batch.jobs = jobs ?? 1
    // The batch reports progress from several threads, one call at a time.
    let bar = progress.display("convert", unit: "files")
    defer { bar.finish() }
    let outcomes = try batch.run { bar.update($0, of: $1) }
    bar.finish()
    var failed = 0
    var results: [ConvertJSON] = []
    for outcome in outcomes {
      switch outcome.result {
      case .success(let report):
        if !json { try print(ConvertText.line(report)) }
        ConvertText.noteLosses(report.losses, of: report.input)
        results.append(ConvertJSON(report))
      case .failure(let error):
        failed += 1
        Diagnostics.error(ConvertText.named(error, outcome.input))
        results.append(ConvertJSON(input: outcome.input, error: "\(error)"))
      }
    }
    if json {
      try JSONOutput.print(ConvertJSON.Batch(results))
    } else {
      try print("\(outcomes.count - failed) of \(outcomes.count) converted" + (failed > 0 ? ", \(failed) failed" : ""))
    }
    if failed > 0 { throw ExitCode(2) }
  }

  private func printList() throws {
    let formats = CacheFormats.summaries
    if json { try JSONOutput.print(FormatListJSON(formats)) } else { try print(ConvertText.list(formats)) }
  }
}
