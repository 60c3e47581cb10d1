import ArgumentParser
import Commands

struct Restore: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the cache of an .fkv file, or some of its tokens, as a capture or in another program's format.")

  @Argument(help: "The .fkv file.") var file: String
  @Option(name: .shortAndLong, help: "The file to write.") var output: String
  @Option(
    number: .form("FIRST-LAST or FIRST-, as 0-99 or 100-", PositionRange.init),
    help: "Positions to restore: FIRST-LAST, both included, or FIRST- (default: all).")
  var tokens: PositionRange?
  @Option(help: "The output's format (default: capture; see 'fkv convert --list').") var to: String?
  @OptionGroup(title: "The output, with --to") var target: TargetOptions
  @OptionGroup var basis: BasisFileOption
  @OptionGroup var key: KeyOption
  @OptionGroup var memory: MemoryOption
  @Flag(help: "Decode what is whole of a damaged file; rows that are lost become zeros and are named.")
  var salvage = false
  @OptionGroup var progress: ProgressOption

  func validate() throws {
    try TargetOptions.checkTarget(to)
    if to == nil, !target.isEmpty {
      throw ValidationError("options of the output's format need '--to'")
    }
    if salvage, tokens != nil || to != nil {
      throw ValidationError("'--salvage' writes a capture of the whole file, without '--tokens' and '--to'")
    }
  }

  func run() throws {
    try CommandInputs([.cache: file, .basis: basis.basisFile, .keyFile: key.keyFile])
      .protect(from: output, isFolder: to.map(CacheFormats.writesFolder) ?? false)
    let bar = progress.display("restore", unit: "layers")
    defer { bar.finish() }
    var pipeline = RestorePipeline(input: file, output: output)
    pipeline.firstPosition = tokens?.first
    pipeline.lastPosition = tokens?.last
    pipeline.basisFile = basis.basisFile
    pipeline.key = try key.find()?.key
    pipeline.limits = memory.limits
    if salvage {
      let salvaged = try pipeline.salvage { bar.update($0, of: $1) }
      bar.finish()
      try print("\(output): \(CacheHeadText.geometry(salvaged.description))")
      if let error = salvaged.metadataError { Diagnostics.note("sections were searched for: \(error)") }
      for loss in salvaged.losses { Diagnostics.note("lost: \(loss)") }
      if !salvaged.losses.isEmpty { throw ExitCode(1) }
      return
    }
    pipeline.writing = to.map { target.writing($0) }
    pipeline.writing?.key = pipeline.key
    pipeline.elementType = target.outputType
    let report = try pipeline.run { bar.update($0, of: $1) }
    bar.finish()
    try print("\(output): \(CacheHeadText.geometry(report.description))")
    ConvertText.noteLosses(report.losses, of: output)
  }
}
