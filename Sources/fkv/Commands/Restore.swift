import ArgumentParser
import FourierKV

struct Restore: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the cache of an .fkv file, or some of its tokens, in the capture layout (formats/capture.md).")

  @Argument(help: "The .fkv file.") var file: String
  @Option(name: .shortAndLong, help: "The capture to write.") var output: String
  @Option(help: "Positions to restore: FIRST-LAST, both included, or FIRST- (default: all).")
  var tokens: PositionRange?
  @OptionGroup var basis: BasisFileOption
  @Flag(help: "Decode what is whole of a damaged file; rows that are lost become zeros and are named.")
  var salvage = false

  func validate() throws {
    if salvage && tokens != nil { throw ValidationError("'--salvage' takes the whole file, without '--tokens'") }
  }

  func run() throws {
    let bar = ProgressBar("restore", unit: "layers")
    defer { bar.finish() }
    var pipeline = RestorePipeline(input: file, output: output)
    pipeline.firstPosition = tokens?.first
    pipeline.lastPosition = tokens?.last
    pipeline.basisFile = basis.basisFile
    if salvage {
      let salvaged = try pipeline.salvage { bar.update($0, of: $1) }
      bar.finish()
      print("\(output): \(CacheHeadText.geometry(salvaged.description.geometry))")
      for loss in salvaged.losses { Diagnostics.note("lost: \(loss)") }
      if !salvaged.losses.isEmpty { throw ExitCode(1) }
      return
    }
    let description = try pipeline.run { bar.update($0, of: $1) }
    bar.finish()
    print("\(output): \(CacheHeadText.geometry(description.geometry))")
  }
}
