import ArgumentParser
import FourierKV

struct Restore: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the full cache of an .fkv file in the capture layout (formats/capture.md).")

  @Argument(help: "The .fkv file.") var file: String
  @Option(name: .shortAndLong, help: "The capture to write.") var output: String
  @OptionGroup var basis: BasisFileOption

  func run() throws {
    let bar = ProgressBar("restore", unit: "layers")
    defer { bar.finish() }
    var pipeline = RestorePipeline(input: file, output: output)
    pipeline.basisFile = basis.basisFile
    let description = try pipeline.run { bar.update($0, of: $1) }
    bar.finish()
    print("\(output): \(CacheHeadText.geometry(description.geometry))")
  }
}
