import ArgumentParser
import Commands

struct Capture: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a real prefill through llama.cpp and saves the full cache.",
    discussion: """
      The capture is a safetensors file (formats/capture.md): keys and values of all layers as the engine stores them, \
      the queries of the last positions, token ids, RoPE and the model's fingerprint. A prompt is plain text unless \
      --special says that control tokens such as <|im_start|> are meant, or --token-ids gives the ids themselves. With \
      --from, a cache holds the prompt's first tokens: only what follows is prefilled, and the output holds both. The \
      prompt is the whole text, whose tokens must begin with the cache's, or with --following only what follows.
      """)

  @Argument(help: "The prompt: a text file, or - for standard input.") var prompt: String?
  @Flag(help: "Take control tokens that the prompt names, such as <|im_start|>, as those tokens.") var special = false
  @Option(
    name: .customLong("token-ids"),
    help: "Instead of the prompt: a file of token ids, decimal or a JSON array, or - for standard input.")
  var tokenIDs: String?
  @Option(help: "The model, a GGUF file (default: the one that make setup fetched).") var model: String?
  @Option(
    name: .shortAndLong,
    help: "The capture to write; with --from also an .fkv, if its name ends so: an .fkv extended, or profile lossless.")
  var output: String
  @Option(help: "A cache of the prompt's first tokens, an .fkv or a capture: prefill only what follows.")
  var from: String?
  @Flag(help: "The prompt, or the ids, are only what follows the cache of --from.") var following = false
  @Option(number: .atLeast(0), help: "How many of the last positions' queries to keep.") var probe = 128
  @Option(
    number: .atLeast(1), help: "The most tokens to allow (default: the context that the model was trained with).")
  var context: Int?
  @Option(name: .customLong("max-tokens"), number: .atLeast(1), help: "Take the first N tokens of the prompt only.")
  var maxTokens: Int?
  @Option(
    name: .customLong("chat-template"),
    help: "Whether to wrap the prompt as a user's message: on, off, or open to leave the message open for a question.")
  var chatTemplate: CapturedChat = .off
  @Option(help: "The system message before it.") var system: String?
  @Flag(name: .customLong("no-tokens"), help: "Leave the prompt's token ids out of the capture.") var noTokens = false
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var basis: BasisFileOption
  @OptionGroup var key: KeyOption
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
    if following && from == nil { throw ValidationError("'--following' needs '--from'") }
    if from == nil && basis.basisFile != nil { throw ValidationError("'--basis-file' needs '--from'") }
    if from == nil && key.keyFile != nil { throw ValidationError("'--key-file' needs '--from'") }
    if following && chatTemplate != .off {
      throw ValidationError("'--following' and '--chat-template \(chatTemplate.rawValue)' are mutually exclusive")
    }
    if maxTokens != nil && chatTemplate == .on {
      throw ValidationError("'--max-tokens' and '--chat-template on' are mutually exclusive")
    }
    if system != nil && chatTemplate == .off {
      throw ValidationError("'--system' needs '--chat-template on' or '--chat-template open'")
    }
  }

  func run() throws {
    try CommandInputs([
      .prompt: prompt, .tokenIDs: tokenIDs, .model: model ?? ModelLocation.standardModel, .cache: from,
      .basis: basis.basisFile, .keyFile: key.keyFile,
    ]).protect(from: output)
    let model = try ModelLocation.find(model)
    var pipeline = CapturePipeline(
      prompt: try prompt.map { try PromptText.read($0) } ?? "", model: model,
      output: output, threads: threads.count)
    pipeline.tokenIDs = try tokenIDs.map { try TokenIDFile.read($0) }
    pipeline.parsesControl = special
    pipeline.probeQueries = probe
    pipeline.context = context
    pipeline.maxTokens = maxTokens
    pipeline.chat = chatTemplate
    pipeline.system = system
    pipeline.includesTokens = !noTokens
    pipeline.beginning = from
    pipeline.isFollowing = following
    pipeline.basisFile = basis.basisFile
    pipeline.key = try from == nil ? nil : key.find()?.key
    let bar = progress.display("prefill", unit: "tokens")
    defer { bar.finish() }
    let report = try pipeline.run { bar.update($0, of: $1) }
    bar.finish()
    Diagnostics.warn(exceeding: report.exceededContext)
    let geometry = report.description.geometry
    try print("\(output): \(CacheHeadText.geometry(report.description)), \(Format.bytes(report.fileBytes))")
    try print(
      "prefill of \(report.prefilledTokens) tokens took \(Format.seconds(report.prefillSeconds)), "
        + "\(Format.significant(Double(report.prefilledTokens) / report.prefillSeconds)) tokens/s")
    Diagnostics.plainControl(report.plainControlTexts)
  }
}

extension CapturedChat: ExpressibleByArgument {}
