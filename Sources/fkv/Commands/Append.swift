import ArgumentParser
import Commands

struct Append: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Extends an .fkv file by the tokens that follow, without decoding what is there.",
    discussion: """
      The longer cache is a capture of the whole longer prompt, or one that begins where the file ends. Sections of the \
      file are copied byte for byte; profile fourier folds tokens that leave its window into its coefficients. The file \
      appears whole or not at all.
      """)

  @Argument(help: "The .fkv file to extend.") var file: String
  @Argument(help: "The longer cache: a capture or another .fkv.") var cache: String
  @Option(name: .shortAndLong, help: "The .fkv to write (default: replace the file).") var output: String?
  @Flag(help: "Append although token ids are missing, so that nobody can tell whether the prompts agree.")
  var unchecked = false
  @Flag(help: "Decode the longer file and store its attention-output error, with the longer cache's probe queries.")
  var measure = false
  @OptionGroup var basis: BasisFileOption
  @OptionGroup var key: KeyOption
  @OptionGroup var progress: ProgressOption

  func run() throws {
    // The file itself may be replaced: it is what grows.
    try CommandInputs([.cache: cache, .basis: basis.basisFile, .keyFile: key.keyFile]).protect(from: output ?? file)
    var pipeline = AppendPipeline(file: file, addition: cache, output: output)
    pipeline.isUnchecked = unchecked
    pipeline.measures = measure
    pipeline.basisFile = basis.basisFile
    pipeline.key = try key.find()?.key
    let bar = progress.display("append", unit: "layers")
    let report = try pipeline.run { bar.update($0, of: $1) }
    bar.finish()
    try print(
      "\(output ?? file): profile \(report.profile.name), \(report.addedTokens) tokens appended, "
        + "\(report.description.geometry.tokens) in all, \(CacheHeadText.sizeLine(report.size))")
    if let stored = report.storedError {
      try print(
        "attention-output error \(Format.significant(stored.errors.mean)) mean, \(Format.significant(stored.errors.max)) max "
          + "over \(stored.probeQueries) probe queries")
    }
    if report.roundedCoefficients {
      Diagnostics.note(
        "coefficients were rounded to f16 once more; files that are extended often keep their precision with "
          + "'--coefficients f32'")
    }
  }
}
