import ArgumentParser
import CacheCodec
import Commands

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks that an .fkv file is whole and measures what attention over it loses.",
    discussion: """
      With --reference, the file is decoded and compared with the full cache: the error of the attention output, \
      ‖o−õ‖₂/‖o‖₂ over the captured probe queries, by layer and query head. Without it, checksums are checked and \
      every layer is decoded. With --continue as well, a model goes on from both caches with the same tokens, and its \
      predictions are compared: KL divergence in nats, perplexity, how often both find the same token most likely.
      """)

  @Argument(help: "The .fkv file.") var file: String
  @Option(help: "The capture that the file was made of, or another of the same prompt.") var reference: String?
  @Option(
    name: .customLong("max-error"), number: .limit,
    help: "Exit with 1 if the mean attention-output error is above this.")
  var maxError: Double?
  @OptionGroup var continuation: ContinuationOptions
  @OptionGroup var basis: BasisFileOption
  @OptionGroup var key: KeyOption
  @OptionGroup var memory: MemoryOption
  @OptionGroup var progress: ProgressOption
  @Flag(help: "Print JSON instead of text.") var json = false

  func validate() throws {
    if maxError != nil && reference == nil { throw ValidationError("'--max-error' needs '--reference'") }
    if continuation.continuation != nil && reference == nil {
      throw ValidationError("'--continue' needs '--reference'")
    }
  }

  func run() throws {
    var pipeline = VerifyPipeline(path: file, reference: reference)
    pipeline.basisFile = basis.basisFile
    pipeline.key = try key.find()?.key
    pipeline.limits = memory.limits
    pipeline.continuation = try continuation.request()
    let stages = progress.stages()
    defer { stages.finish() }
    let report = try pipeline.run(
      progress: { stages.update("verify", unit: "layers", $0, of: $1) },
      predicting: { stages.update("continue", unit: "tokens", $0, of: $1) })
    stages.finish()
    Diagnostics.warn(exceeding: report.exceededContext)
    let isWithin = maxError.map { (report.comparison?.attention.mean ?? .infinity) <= $0 } ?? true
    if json {
      try JSONOutput.print(VerifyJSON(report, withinLimits: isWithin && report.findings.isEmpty))
    } else {
      try print(VerifyText.render(report, maxError: maxError))
    }
    guard report.findings.isEmpty else {
      for finding in report.findings { Diagnostics.note("error: \(file): \(finding.description)") }
      throw ExitCode(2)
    }
    if !isWithin { throw ExitCode(1) }
  }
}
