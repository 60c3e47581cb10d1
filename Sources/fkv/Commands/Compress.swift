import ArgumentParser
import CacheCodec
import Commands
import KVCacheModel

struct Compress: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a compact .fkv of a cache.",
    discussion: """
      The error that attention suffers is measured while compressing, if the cache holds probe queries, and stored in \
      the file. The file appears whole or not at all.
      """)

  @Argument(help: "The cache: a capture, another .fkv, or another program's file.") var cache: String
  @Option(name: .shortAndLong, help: "The .fkv to write.") var output: String
  @Option(name: .customLong("profile"), help: "How to code (default: spectral).") var givenProfile: Profile?
  @Flag(name: .customLong("no-tokens"), help: "Leave the prompt's token ids out of the file.") var noTokens = false
  @Option(number: .atLeast(0), help: "Tokens at the start that stay exact (default: 4).") var sinks: Int?
  @Option(
    number: .atLeast(0),
    help: "Tokens at the end that are kept better (default: spectral 256, fourier 1020; less of a short prompt).")
  var window: Int?
  @Option(
    name: .customLong("basis-file"),
    help: "The basis file for '--basis model', and for a CACHE that needs one (default: the cache folder's).")
  var basisFile: String?
  @OptionGroup var key: KeyOption
  @OptionGroup(title: "What another program's file does not say") var foreign: ForeignOptions
  @OptionGroup(title: "Profile spectral") var spectral: SpectralOptions
  @OptionGroup(title: "Profile fourier") var fourier: FourierOptions

  private var profile: Profile { givenProfile ?? .spectral }
  @OptionGroup var progress: ProgressOption

  func validate() throws {
    if profile != .fourier, let given = fourier.firstGiven {
      throw ValidationError("'\(given)' goes with '--profile fourier'")
    }
    if profile != .spectral, let given = spectral.firstGiven {
      throw ValidationError("'\(given)' goes with '--profile spectral'")
    }
    if spectral.groupLayers != nil, basisFile != nil && spectral.basis == nil {
      throw ValidationError(
        "'--group-layers' and '--basis-file' are mutually exclusive: a basis file has its own groups")
    }
    if profile == .lossless, sinks != nil || window != nil {
      throw ValidationError("'\(sinks != nil ? "--sinks" : "--window")' does not go with '--profile lossless'")
    }
  }

  private var method: CacheEncoder.Method {
    switch profile {
    case .fourier:
      var parameters = fourier.parameters
      parameters.sinks = sinks ?? parameters.sinks
      parameters.window = window
      return .fourier(parameters)
    case .spectral:
      var parameters = spectral.parameters
      parameters.sinks = sinks ?? parameters.sinks
      parameters.window = window
      if basisFile != nil, spectral.basis == nil { parameters.basis = .model }
      return .spectral(parameters)
    default:
      return .lossless
    }
  }

  func run() throws {
    try CommandInputs([
      .cache: cache, .basis: basisFile, .keyFile: key.keyFile, .model: foreign.model, .tokenIDs: foreign.tokens,
    ]).protect(from: output)
    var pipeline = CompressPipeline(input: cache, output: output, method: method)
    pipeline.reading = try foreign.reading()
    pipeline.includesTokens = !noTokens
    pipeline.basisFile = basisFile
    pipeline.key = try key.find()?.key
    pipeline.prefersModelBasis = spectral.basis == nil && spectral.groupLayers == nil && basisFile == nil
    let bar = progress.display("compress", unit: "layers")
    defer { bar.finish() }
    let report = try pipeline.run { bar.update($0, of: $1) }
    bar.finish()
    ConvertText.noteLosses(report.losses, of: cache)
    try print("\(output): profile \(report.profile.name), \(CacheHeadText.sizeLine(report.size))")
    if let basis = report.basis {
      try print("\(CacheHeadText.basis(hash: basis.hash, bytes: basis.bytes)): \(basis.path)")
    } else if let source = report.basisSource {
      try print("basis \(source.name)")
    }
    if report.profile == .spectral, let note = Self.unrotatedNote(report.description) { Diagnostics.note(note) }
    if let stored = report.storedError {
      try print(
        "attention-output error \(Format.significant(stored.errors.mean)) mean, \(Format.significant(stored.errors.max)) max "
          + "over \(stored.probeQueries) probe queries")
    } else {
      Diagnostics.note("the cache holds no probe queries: no attention error was measured")
    }
    if let asked = report.unmetRatio {
      Diagnostics.note(
        "the ratio asked for, \(Format.significant(asked)), was not reached: \(output) has "
          + "\(Format.significant(report.size.ratio)); the file is kept")
      throw ExitCode(1)
    }
  }
}

extension Compress {
  /// What to say of layers whose keys are coded with their rotation, since none is known that could be undone; nil where
  /// there are none.
  static func unrotatedNote(_ description: CacheDescription) -> String? {
    let layers = description.geometry.layers
    let count = layers.count { $0.tokens > 0 && description.ropes[$0.ropeIndex].pairing == .none }
    guard count > 0 else { return nil }
    return
      "the cache names no rotary embedding for \(count == layers.count ? "its" : "\(count) of \(layers.count)") layers: "
      + "their keys are coded as they are, which costs bytes if they are rotated"
  }
}

extension Profile: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
  public static var allValueStrings: [String] { allCases.map(\.name) }
}
