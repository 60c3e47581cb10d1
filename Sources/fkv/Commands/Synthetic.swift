import ArgumentParser
import Commands

struct Synthetic: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a made-up cache of any size, to measure time and memory with.",
    discussion:
      "The default is the geometry of Llama-3.1-8B at 32768 tokens: 4.3 GB. Ratios and errors on it mean nothing.")

  @Option(name: .shortAndLong, help: "The capture to write.") var output: String
  @Option(number: .atLeast(1), help: "Layers.") var layers = 32
  @Option(name: .customLong("kv-heads"), number: .atLeast(1), help: "KV heads.") var kvHeads = 8
  @Option(name: .customLong("query-heads"), number: .atLeast(1), help: "Query heads, a multiple of the KV heads.")
  var queryHeads = 32
  @Option(name: .customLong("head-dim"), number: .atLeast(1), help: "Head dimension.") var headDim = 128
  @Option(number: .atLeast(1), help: "Tokens.") var tokens = 32_768
  @OptionGroup var progress: ProgressOption

  func validate() throws {
    if queryHeads % kvHeads != 0 { throw ValidationError("'--query-heads' must be a multiple of '--kv-heads'") }
  }

  func run() throws {
    var capture = SyntheticCapture()
    capture.layers = layers
    capture.kvHeads = kvHeads
    capture.queryHeads = queryHeads
    capture.headDim = headDim
    capture.tokens = tokens
    let bar = progress.display("synthetic", unit: "layers")
    defer { bar.finish() }
    try capture.write(to: output) { bar.update($0, of: $1) }
    bar.finish()
    try print("\(output): \(CacheHeadText.geometry(capture.description))")
  }
}
