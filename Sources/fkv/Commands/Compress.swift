import ArgumentParser
import CacheCodec
import FourierKV

struct Compress: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a compact .fkv of a cache.",
    discussion: """
      The error that attention suffers is measured while compressing, if the cache holds probe queries, and stored in \
      the file. The file appears whole or not at all.
      """)

  @Argument(help: "The cache: a capture or another .fkv.") var cache: String
  @Option(name: .shortAndLong, help: "The .fkv to write.") var output: String
  @Option(help: "How to code (default: fourier).") var profile: Profile?
  @Flag(name: .customLong("no-tokens"), help: "Leave the prompt's token ids out of the file.") var noTokens = false
  @OptionGroup(title: "Profile fourier") var fourier: FourierOptions

  func validate() throws {
    if let profile, profile != .fourier, let given = fourier.firstGiven {
      throw ValidationError("'\(given)' goes with '--profile fourier'")
    }
  }

  func run() throws {
    var pipeline = CompressPipeline(
      input: cache, output: output, method: profile == .lossless ? .lossless : .fourier(fourier.parameters))
    pipeline.includesTokens = !noTokens
    let bar = ProgressBar("compress", unit: "layers")
    defer { bar.finish() }
    let report = try pipeline.run { bar.update($0, of: $1) }
    bar.finish()
    print("\(output): profile \(report.profile.name), \(CacheHeadText.sizeLine(report.size))")
    if let stored = report.storedError {
      print(
        "attention-output error \(Format.significant(stored.errors.mean)) mean, \(Format.significant(stored.errors.max)) max "
          + "over \(stored.probeQueries) probe queries")
    } else {
      Diagnostics.note("the cache holds no probe queries: no attention error was measured")
    }
  }
}

extension Profile: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
  public static var allValueStrings: [String] { allCases.map(\.name) }
}
