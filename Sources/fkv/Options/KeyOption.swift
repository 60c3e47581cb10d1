import ArgumentParser
import Commands

/// The key of encrypted files, for commands that read or write an `.fkv`.
struct KeyOption: ParsableArguments {
  @Option(
    name: .customLong("key-file"),
    help: ArgumentHelp(
      "The key of encrypted .fkv files: a file of 32 bytes or 64 hexadecimal digits (default: the digits in $FKV_KEY).",
      valueName: "file"))
  var keyFile: String?

  /// The key; nil if none was given. Says so if others can read it.
  ///
  /// - Throws: what is wrong with the file, or with the variable.
  func find() throws -> KeyLocation.Found? {
    let found = try KeyLocation.find(file: keyFile)
    if let warning = found?.warning { Diagnostics.note(warning) }
    return found
  }
}
