import ArgumentParser
import Commands

struct EvalPerplexity: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perplexity",
    abstract: "Lets the model predict the rest of texts from each method's version of their beginning.",
    discussion: """
      The first tokens of each text are cached, and the tokens that follow are predicted over the full cache and over \
      what each method gives back: KL divergence in nats, perplexity, how often both find the same token most likely.
      """)

  @Argument(help: "Text files.") var texts: [String]
  @Option(number: .list(of: .atLeast(1)), help: "Tokens that are cached.") var cached = NumberList([4096])
  @Option(
    number: .atLeast(2, because: "the first token is fed and not scored"),
    help: "Tokens that follow; the first is fed and not scored.")
  var follow = 1024
  @OptionGroup var options: EvalOptions

  func validate() throws {
    if texts.isEmpty { throw ValidationError("give at least one text") }
    if Set(cached.numbers).count != cached.numbers.count { throw ValidationError("'--cached' has a number twice") }
  }

  func run() throws {
    try options.protect(.text, texts)
    var pipeline = PerplexityPipeline(setup: try options.setup(), texts: texts)
    pipeline.cached = cached.numbers
    pipeline.following = follow
    let report = try options.withProgress { try pipeline.run(progress: $0) }
    try EvalOutput.print(.perplexity(report), json: options.json)
  }
}
