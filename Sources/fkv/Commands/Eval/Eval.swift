import ArgumentParser

/// A list of evaluations, no logic.
struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lets a model answer and predict from caches that each method has kept.",
    discussion: """
      Every cell of an evaluation is prefilled once; then each method codes that cache, everything counted, and the \
      model goes on from what comes back. Results can be kept in a log (--log), with which an interrupted run goes on \
      where it stopped, and shared among runs (--shard); 'fkv eval merge' puts their logs together.
      """,
    subcommands: [EvalNeedle.self, EvalPerplexity.self, EvalLongBench.self, EvalMerge.self])
}
