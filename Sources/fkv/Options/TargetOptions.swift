import ArgumentParser
import FourierKV
import KVCacheModel

/// How a cache is to be written for other programs.
struct TargetOptions: ParsableArguments {
  @Option(
    name: .customLong("output-dtype"), help: "The output's element type: f16, bf16 or f32 (default: the input's).")
  var outputType: ElementType?
  @Option(
    name: .customLong("key-layout"),
    help: "Which elements of the output's keys rotate together: interleaved or half-split (default: the format's).")
  var keyLayout: RotaryEmbedding.Pairing?
  @Option(
    name: .customLong("state-version"),
    help: "The version of llama.cpp files to write: sequence 2 to 4, session 9 to 11 (default: the newest).")
  var stateVersion: UInt32?

  func validate() throws {
    if keyLayout == RotaryEmbedding.Pairing.none {
      throw ValidationError("'--key-layout' must be interleaved or half-split")
    }
  }

  /// Whether nothing is given.
  var isEmpty: Bool { outputType == nil && keyLayout == nil && stateVersion == nil }

  /// How to write a format.
  func writing(_ format: String) -> CacheWriting {
    var writing = CacheWriting(format: format)
    writing.keyPairs = keyLayout
    writing.options.stateVersion = stateVersion
    return writing
  }

  /// Throws unless `format` is the name of a format that is written.
  static func checkTarget(_ format: String?) throws {
    guard let format, !CacheFormats.names(.write).contains(format) else { return }
    throw ValidationError("'--to' has no '\(format)'; there are \(CacheFormats.names(.write).joined(separator: ", "))")
  }
}
