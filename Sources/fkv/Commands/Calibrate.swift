import ArgumentParser
import CacheCodec
import Commands
import Foundation

struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a basis file for a model, so that its caches need not hold a basis each.",
    discussion: """
      The model reads each text (a capture holds what it read before); principal components of its keys and values go into a .fkvbasis (formats/fkv.md §14). \
      Without -o it goes to fkv's cache folder, where 'fkv compress' looks for it. An .fkv made with a basis file can \
      only be read with that file: keep it.
      """)

  @Argument(
    help: "Texts like those to be cached, 20 thousand tokens or more together; or captures of such, *.safetensors.")
  var texts: [String]
  @Option(help: "The model, a GGUF file (default: the one that make setup fetched).") var model: String?
  @Option(name: .shortAndLong, help: "The basis file to write (default: in the cache folder).") var output: String?
  @Option(
    name: .customLong("group-layers"), number: .atLeast(1),
    help: "Layers that share a basis (default: as many as 1024 features hold).")
  var groupLayers: Int?
  @Option(
    name: .customLong("finest-error"), number: .aboveZero,
    help: "The smallest attention-output error that the basis is meant for (default: 0.01).")
  var finestError: Double?
  @Option(number: .atLeast(1), help: "The most tokens of each text, from its start.") var tokens = 4096
  @Flag(help: "Take control tokens that the texts name, such as <|im_start|>, as those tokens.") var special = false
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var progress: ProgressOption
  @Flag(help: "Print JSON instead of text.") var json = false

  private static func isCapture(_ path: String) -> Bool { path.hasSuffix(".safetensors") }

  func run() throws {
    var inputs = CommandInputs([.model: model ?? ModelLocation.standardModel])
    inputs.add(.text, texts)
    try inputs.protect(from: output)
    // Captures need no model.
    let isRead = texts.contains { !Self.isCapture($0) }
    let model = isRead ? try ModelLocation.find(model) : model ?? ModelLocation.standardModel
    var pipeline = CalibratePipeline(
      samples: try texts.map { path in
        Self.isCapture(path)
          ? .capture(path)
          : .text(name: URL(fileURLWithPath: path).lastPathComponent, try PromptText.read(path))
      },
      model: model, output: output,
      threads: threads.count)
    pipeline.groupLayers = groupLayers
    if let finestError { pipeline.finestError = finestError }
    pipeline.tokensPerText = tokens
    pipeline.parsesControl = special
    let stages = progress.stages()
    defer { stages.finish() }
    let report = try pipeline.run { stage, done, total in
      switch stage {
      case .prefill: stages.update("prefill", unit: "tokens", done, of: total)
      case .bases: stages.update("bases", unit: "bases", done, of: total)
      }
    }
    stages.finish()
    if report.isShort {
      Diagnostics.note("fewer tokens than a group has features: more text would make a better basis")
    }
    Diagnostics.plainControl(report.plainControlTexts)
    if json { try JSONOutput.print(CalibrateJSON(report)) } else { try print(CalibrateText.render(report)) }
  }
}
