import ArgumentParser
import Foundation
import FourierKV

struct Capture: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a real prefill through llama.cpp and saves the full cache.",
    discussion: """
      The capture is a safetensors file (formats/capture.md): keys and values of all layers as the engine stores them, \
      the queries of the last positions, token ids, RoPE and the model's fingerprint. A prompt is plain text unless \
      --special says that control tokens such as <|im_start|> are meant, or --token-ids gives the ids themselves.
      """)

  @Argument(help: "The prompt: a text file, or - for standard input.") var prompt: String?
  @Flag(help: "Take control tokens that the prompt names, such as <|im_start|>, as those tokens.") var special = false
  @Option(
    name: .customLong("token-ids"),
    help: "Instead of the prompt: a file of token ids, decimal or a JSON array, or - for standard input.")
  var tokenIDs: String?
  @Option(help: "The model, a GGUF file (default: the one that make setup fetched).") var model: String?
  @Option(name: .shortAndLong, help: "The capture to write.") var output: String
  @Option(help: "How many of the last positions' queries to keep.") var probe = 128
  @Option(help: "The most tokens to allow (default: the context that the model was trained with).")
  var context: Int?
  @Option(name: .customLong("max-tokens"), help: "Take the first N tokens of the prompt only.") var maxTokens: Int?
  @Option(
    name: .customLong("chat-template"),
    help: "Whether to wrap the prompt as a user's message: on, off, or open to leave the message open for a question.")
  var chatTemplate: CapturedChat = .off
  @Option(help: "The system message before it.") var system: String?
  @Flag(name: .customLong("no-tokens"), help: "Leave the prompt's token ids out of the capture.") var noTokens = false
  @Option(help: "Threads of the prefill (default: all cores).") var threads: Int?
  @OptionGroup var progress: ProgressOption

  func validate() throws {
    if (prompt == nil) == (tokenIDs == nil) {
      throw ValidationError("give either a prompt or '--token-ids'")
    }
    if tokenIDs != nil && special { throw ValidationError("'--special' and '--token-ids' are mutually exclusive") }
    if chatTemplate != .off && (special || tokenIDs != nil) {
      throw ValidationError(
        "'--chat-template \(chatTemplate.rawValue)' and '\(special ? "--special" : "--token-ids")' are mutually exclusive"
      )
    }
    if probe < 0 { throw ValidationError("'--probe' must be 0 or more") }
    if let context, context < 1 { throw ValidationError("'--context' must be 1 or more") }
    if let maxTokens, maxTokens < 1 { throw ValidationError("'--max-tokens' must be 1 or more") }
    if maxTokens != nil && chatTemplate == .on {
      throw ValidationError("'--max-tokens' and '--chat-template on' are mutually exclusive")
    }
    if system != nil && chatTemplate == .off {
      throw ValidationError("'--system' needs '--chat-template on' or '--chat-template open'")
    }
    if let threads, threads < 1 { throw ValidationError("'--threads' must be 1 or more") }
  }

  func run() throws {
    try CommandInputs([.prompt: prompt, .tokenIDs: tokenIDs, .model: model ?? ModelLocation.standardModel])
      .protect(from: output)
    var pipeline = CapturePipeline(
      prompt: try prompt.map { try PromptText.read($0) } ?? "", model: model ?? ModelLocation.standardModel,
      output: output, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
    pipeline.tokenIDs = try tokenIDs.map { try TokenIDFile.read($0) }
    pipeline.parsesControl = special
    pipeline.probeQueries = probe
    pipeline.context = context
    pipeline.maxTokens = maxTokens
    pipeline.chat = chatTemplate
    pipeline.system = system
    pipeline.includesTokens = !noTokens
    let bar = progress.display("prefill", unit: "tokens")
    defer { bar.finish() }
    let report = try pipeline.run { bar.update($0, of: $1) }
    bar.finish()
    Diagnostics.warn(exceeding: report.exceededContext)
    let geometry = report.description.geometry
    try print("\(output): \(CacheHeadText.geometry(geometry)), \(Format.bytes(report.fileBytes))")
    try print(
      "prefill of \(geometry.tokens) tokens took \(Format.seconds(report.prefillSeconds)), "
        + "\(Format.significant(Double(geometry.tokens) / report.prefillSeconds)) tokens/s")
    Diagnostics.plainControl(report.plainControlTexts)
  }
}

extension CapturedChat: ExpressibleByArgument {}
