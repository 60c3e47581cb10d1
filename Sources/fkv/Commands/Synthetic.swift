import ArgumentParser
import FourierKV

struct Synthetic: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a made-up cache of any size, to measure time and memory with.",
    discussion:
      "The default is the geometry of Llama-3.1-8B at 32768 tokens: 4.3 GB. Ratios and errors on it mean nothing.")

  @Option(name: .shortAndLong, help: "The capture to write.") var output: String
  @Option(help: "Layers.") var layers = 32
  @Option(name: .customLong("kv-heads"), help: "KV heads.") var kvHeads = 8
  @Option(name: .customLong("query-heads"), help: "Query heads, a multiple of the KV heads.") var queryHeads = 32
  @Option(name: .customLong("head-dim"), help: "Head dimension.") var headDim = 128
  @Option(help: "Tokens.") var tokens = 32_768
  @OptionGroup var progress: ProgressOption

  func validate() throws {
    for (name, value) in [
      ("--layers", layers), ("--kv-heads", kvHeads), ("--query-heads", queryHeads), ("--head-dim", headDim),
      ("--tokens", tokens),
    ] where value < 1 { throw ValidationError("'\(name)' must be 1 or more") }
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
    try print("\(output): \(CacheHeadText.geometry(capture.description.geometry))")
  }
}
