import ArgumentParser
import FourierKV
import KVCacheModel

extension MLXVersion: ExpressibleByArgument {}

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
    help:
      "The version of llama.cpp files to write: sequence 3 or 4, session 10 or 11 (default: the linked llama.cpp's).")
  var stateVersion: UInt32?
  @Option(
    name: .customLong("mlx-version"),
    help: "The mlx-lm that shall read the output: 0.31 (and before) or 0.32 (default).")
  var mlxVersion: MLXVersion?
  @Option(
    name: .customLong("model-name"),
    help: "The model as mlx-lm or LMCache names it (default: the name in the cache).")
  var modelName: String?
  @Option(name: .customLong("chunk-tokens"), help: "Tokens of a chunk of LMCache (default: 256).") var chunkTokens: Int?

  func validate() throws {
    if keyLayout == RotaryEmbedding.Pairing.none {
      throw ValidationError("'--key-layout' must be interleaved or half-split")
    }
    if let chunkTokens, chunkTokens < 1 { throw ValidationError("'--chunk-tokens' must be 1 or more") }
  }

  /// Whether nothing is given.
  var isEmpty: Bool {
    outputType == nil && keyLayout == nil && stateVersion == nil && mlxVersion == nil && modelName == nil
      && chunkTokens == nil
  }

  /// How to write a format.
  func writing(_ format: String) -> CacheWriting {
    var writing = CacheWriting(format: format)
    writing.keyPairs = keyLayout
    writing.options.stateVersion = stateVersion
    writing.options.mlxDialect = mlxVersion
    writing.options.modelName = modelName
    writing.options.chunkTokens = chunkTokens
    return writing
  }

  /// Throws unless `format` is the name of a format that is written.
  static func checkTarget(_ format: String?) throws {
    guard let format, !CacheFormats.names(.write).contains(format) else { return }
    throw ValidationError("'--to' has no '\(format)'; there are \(CacheFormats.names(.write).joined(separator: ", "))")
  }
}
