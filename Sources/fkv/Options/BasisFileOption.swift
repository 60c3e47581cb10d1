import ArgumentParser

/// The basis file of commands that read an `.fkv`.
struct BasisFileOption: ParsableArguments {
  @Option(
    name: .customLong("basis-file"),
    help: "The basis file that the .fkv was made with, if it needs one (default: the cache folder's).")
  var basisFile: String?
}
