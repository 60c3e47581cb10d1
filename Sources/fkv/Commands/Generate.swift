import ArgumentParser
import Commands

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Goes on from a cache file in llama.cpp, as if the prompt had just been read.",
    discussion: """
      The file is decoded, put into a fresh context of the model that made it, and the answer streamed to standard \
      output; standard error says how long each part took and what the prefill had cost. A document captured with \
      --chat-template open is asked the prompt as a question about it; after other captures the prompt follows as it \
      is, or as a new user's turn with --chat. Without a prompt, the cached text goes on. -o keeps the cache \
      with question and answer, to go on from.
      """)

  @Argument(help: "The cache: an .fkv file or a capture.") var file: String
  @Option(help: "The model that made the cache, a GGUF file (default: the one that make setup fetched).")
  var model: String?
  @Option(name: .shortAndLong, help: "What follows: a text file, - for standard input, or the text itself.")
  var prompt: String?
  @Option(
    name: .shortAndLong,
    help: "Keep the cache with question and answer: a capture, or an .fkv if the name ends so.")
  var output: String?
  @Option(number: .atLeast(0), help: "How many of the last of those tokens' queries a capture keeps.") var probe = 128
  @Flag(inversion: .prefixedNo, help: "Put the prompt into the model's chat template (default: where the capture did).")
  var chat: Bool?
  @Flag(help: "Take control tokens that the prompt names, such as <|im_start|>, as those tokens.") var special = false
  @Option(help: "A system message before the new turn of --chat.") var system: String?
  @Option(
    name: [.customShort("n"), .customLong("max-tokens")], number: .atLeast(1), help: "The most tokens to generate.")
  var maxTokens = 256
  @Option(
    number: .atLeast(1),
    help: "The context to make room for, in tokens (default: at most what the model was trained with).")
  var context: Int?
  @Option(number: .zeroOrMore, help: "0 takes the most likely token; above, tokens are drawn.")
  var temperature: Float = 0
  @Option(
    name: .customLong("top-k"), number: .atLeast(0), help: "Draw from the K most likely tokens; 0 takes all.")
  var topK = 40
  @Option(
    name: .customLong("top-p"), number: .positiveProbability,
    help: "Draw from the most likely tokens that together have probability P.")
  var topP: Float = 0.95
  @Option(number: .atLeast(0), help: "The seed of the draws.") var seed: UInt32 = 0
  @Flag(
    name: .customLong("repeat-prefill"),
    help: "Also prefill the cached tokens again, to compare the time to the first token in one run.")
  var repeatPrefill = false
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var basis: BasisFileOption
  @OptionGroup var key: KeyOption
  @Flag(help: "Print JSON at the end instead of streaming text.") var json = false

  func run() throws {
    try CommandInputs([
      .cache: file, .model: model ?? ModelLocation.standardModel, .prompt: prompt, .basis: basis.basisFile,
      .keyFile: key.keyFile,
    ]).protect(from: output)
    var pipeline = GeneratePipeline(
      cache: file, model: try ModelLocation.find(model),
      threads: threads.count)
    pipeline.prompt = try prompt.map { try Continuation.text(of: $0, option: "-p") } ?? ""
    pipeline.parsesControl = special
    pipeline.usesChat = chat
    pipeline.system = system
    pipeline.maxTokens = maxTokens
    pipeline.context = context
    pipeline.output = output
    pipeline.probeQueries = probe
    pipeline.sampling.temperature = temperature
    pipeline.sampling.topK = topK
    pipeline.sampling.topP = topP
    pipeline.sampling.seed = seed
    pipeline.repeatsPrefill = repeatPrefill
    pipeline.basisFile = basis.basisFile
    pipeline.key = try key.find()?.key
    if json {
      let report = try pipeline.run()
      try JSONOutput.print(GenerateJSON(report))
      Diagnostics.warn(exceeding: report.exceededContext)
      Diagnostics.plainControl(report.plainControlTexts)
    } else {
      let report = try pipeline.run { try print($0, terminator: "") }
      try print("")
      Diagnostics.plainControl(report.plainControlTexts)
      for line in GenerateText.timing(report) { Diagnostics.note(line) }
      Diagnostics.warn(exceeding: report.exceededContext)
    }
  }
}
