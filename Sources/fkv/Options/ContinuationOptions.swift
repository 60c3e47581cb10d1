import ArgumentParser
import Commands

/// What a model is to go on with from both caches, for commands that compare.
struct ContinuationOptions: ParsableArguments {
  @Option(help: "The model of --continue, a GGUF file (default: the one that make setup fetched).") var model: String?
  @Option(
    name: .customLong("continue"),
    help: "What follows the prompt: a text file, - for standard input, or the text itself.")
  var continuation: String?
  @Option(
    name: .customLong("continue-tokens"), number: .atLeast(2), help: "Take the first N tokens of the continuation only."
  )
  var continueTokens: Int?
  @Flag(
    name: .customLong("after-prompt"), help: "The text of --continue begins with the prompt: go on after it.")
  var afterPrompt = false
  @Option(
    number: .atLeast(1),
    help: "The most tokens that cache and continuation may have (default: the context that the model was trained with)."
  )
  var context: Int?
  @OptionGroup var threads: ThreadsOption

  func validate() throws {
    let dependents: [(String, Bool)] = [
      ("--model", model != nil), ("--continue-tokens", continueTokens != nil), ("--after-prompt", afterPrompt),
      ("--context", context != nil),
      ("--threads", threads.threads != nil),
    ]
    if continuation == nil, let given = dependents.first(where: { $0.1 }) {
      throw ValidationError("'\(given.0)' needs '--continue'")
    }
  }

  /// The continuation; nil if none was given.
  ///
  /// - Throws: `ModelLocation.Missing`, `Continuation.NoSuchFile`; what is wrong with the text's file.
  func request() throws -> Continuation? {
    try continuation.map { argument in
      var request = Continuation(
        model: try ModelLocation.find(model), text: try Continuation.text(of: argument, option: "--continue"),
        threads: threads.count)
      request.beginsWithPrompt = afterPrompt
      request.maxTokens = continueTokens
      request.context = context
      return request
    }
  }
}
