import ArgumentParser
import Commands
import Evaluation

struct EvalNeedle: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "needle",
    abstract: "Hides a sentence in a long text, by length and depth, and asks for it.",
    discussion: """
      Needle In A Haystack: the haystack is cut to each length, the needle put in at each depth, after the end of a \
      sentence. The text is cached, kept by each method, and the question put after it. '{code}' in needle, question \
      and answer stands for a number of four digits that differs from cell to cell.
      """)

  @Option(parsing: .upToNextOption, help: "Text files that needles are hidden in.") var haystack: [String]
  @Option(number: .list(of: .atLeast(1)), help: "Cached tokens.") var lengths = NumberList([1024, 2048, 4096])
  @Option(number: .list(of: .within(0...100)), help: "Where the needle lies, in percent of the text.")
  var depths = NumberList([0.0, 25, 50, 75, 100])
  @Option(number: .within(1...1000), help: "Needles for each length and depth.") var trials = 1
  @Option(help: "The sentence to hide, in a line of its own (default: the secret code of the blue door).")
  var needle: String?
  @Option(help: "What follows the text, in the next line; the model goes on from its end.") var question: String?
  @Option(help: "The words that its answer must hold.") var answer: String?
  @Option(
    name: .customLong("max-tokens"), number: .atLeast(1),
    help: "The most tokens of an answer, which also ends with its first line.")
  var maxTokens = 24
  @Option(name: .shortAndLong, help: ArgumentHelp("Also draw a heat map into this SVG file.", valueName: "file.svg"))
  var output: String?
  @OptionGroup var options: EvalOptions

  func validate() throws {
    if haystack.isEmpty { throw ValidationError("give at least one '--haystack'") }
    for (name, count) in [
      ("--lengths", Set(lengths.numbers).count == lengths.numbers.count),
      ("--depths", Set(depths.numbers).count == depths.numbers.count),
    ] where !count { throw ValidationError("'\(name)' has a number twice") }
    if [needle, question, answer].contains(where: { $0 != nil }), needle == nil || question == nil || answer == nil {
      throw ValidationError("'--needle', '--question' and '--answer' belong together")
    }
    if let answer, !answer.contains(where: { $0.isLetter || $0.isNumber }) {
      throw ValidationError("'--answer' has no words")
    }
  }

  func run() throws {
    try options.protect(.text, haystack)
    var inputs = options.inputs(.text, haystack)
    inputs.add(.log, [options.log].compactMap(\.self))
    try inputs.protect(from: output, role: "heat map")
    var pipeline = NeedlePipeline(setup: try options.setup(), haystacks: haystack)
    if let needle, let question, let answer {
      pipeline.texts = NeedleTexts(needle: needle, question: question, answer: answer)
    }
    pipeline.lengths = lengths.numbers
    pipeline.depths = depths.numbers
    pipeline.trials = trials
    pipeline.maxAnswerTokens = maxTokens
    let report = try options.withProgress { try pipeline.run(progress: $0) }
    try EvalOutput.print(.needle(report), map: output, json: options.json)
  }
}
