import ArgumentParser

/// `fkv bench CAPTURE…` is `fkv bench methods CAPTURE…`.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares fkv with other methods: their files (methods, the default), or their speed (attention).",
    subcommands: [BenchMethods.self, BenchAttention.self], defaultSubcommand: BenchMethods.self)
}
