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

  func run() throws {
    let bar = ProgressBar("restore", unit: "layers")
    defer { bar.finish() }
    var pipeline = RestorePipeline(input: file, output: output)
    pipeline.firstPosition = tokens?.first
    pipeline.lastPosition = tokens?.last
    pipeline.basisFile = basis.basisFile
    let description = try pipeline.run { bar.update($0, of: $1) }
    bar.finish()
    print("\(output): \(CacheHeadText.geometry(description.geometry))")
  }
}
