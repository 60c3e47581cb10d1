import ArgumentParser
import Commands
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
    name: .customLong("state-version"), number: .atLeast(0),
    help:
      "The version of llama.cpp files to write: sequence 3 or 4, session 10 or 11 (default: the linked llama.cpp's).")
  var stateVersion: UInt32?
  @Option(
    name: .customLong("for-context"), number: .atLeast(1),
    help: "The context of the program that reads the output: decides between a longrope model's rotary factors.")
  var forContext: Int?
  @Option(
    name: .customLong("mlx-version"), parsing: .unconditional,
    help: "The mlx-lm that shall read the output: 0.31 (and before) or 0.32 (default).")
  var mlxVersion: MLXVersion?
  @Option(
    name: .customLong("model-name"),
    help: "The model as mlx-lm or LMCache names it (default: the name in the cache).")
  var modelName: String?
  @Option(name: .customLong("chunk-tokens"), number: .atLeast(1), help: "Tokens of a chunk of LMCache (default: 256).")
  var chunkTokens: Int?

  @Option(
    name: .customLong("cell-type"),
    help: ArgumentHelp(
      "The cells of llama.cpp files, those of keys and values if they differ: f16, q8_0, … (default: the output's type).",
      valueName: "type[,type]"))
  var cellTypes: CellTypes?
  @Flag(
    name: .customLong("transpose-values"), help: "Write values of llama.cpp files as contexts with '-fa off' have them."
  )
  var transposesValues = false

  /// One or two names of cell types.
  struct CellTypes: ExpressibleByArgument {
    var names: [String]

    init?(argument: String) {
      names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard (1...2).contains(names.count), names.allSatisfy(CacheWriting.cellTypeNames.contains) else { return nil }
    }

    static var allValueStrings: [String] { CacheWriting.cellTypeNames }
  }

  func validate() throws {
    if keyLayout == RotaryEmbedding.Pairing.none {
      throw ValidationError("'--key-layout' must be interleaved or half-split")
    }
  }

  /// Whether nothing is given.
  var isEmpty: Bool {
    outputType == nil && keyLayout == nil && stateVersion == nil && cellTypes == nil && !transposesValues
      && mlxVersion == nil && modelName == nil && chunkTokens == nil && forContext == nil
  }

  /// What the input is to be read in: not rounded where cells are to be quantised.
  var readType: ElementType? { outputType ?? (cellTypes == nil ? nil : .float32) }

  /// How to write a format.
  func writing(_ format: String) -> CacheWriting {
    var writing = CacheWriting(format: format)
    writing.keyPairs = keyLayout
    writing.context = forContext
    writing.options.stateVersion = stateVersion
    writing.setCells(keys: cellTypes?.names.first, values: cellTypes?.names.last, transposesValues: transposesValues)
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
