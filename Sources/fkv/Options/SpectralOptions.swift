import ArgumentParser
import CacheCodec

/// The settings of profile `spectral`.
struct SpectralOptions: ParsableArguments {
  @Option(
    name: .customLong("target-error"), number: .within(SpectralParameters.legalSteps),
    help: "Mean attention-output error to meet (default: 0.05).")
  var targetError: Double?
  @Option(number: .aboveZero, help: "Ratio of the whole file to meet.") var ratio: Double?
  @Option(number: .within(SpectralParameters.legalSteps), help: "The quantiser's step, for keys and values alike.")
  var step: Double?
  @Option(
    help: "Where feature bases come from (default: model if 'fkv calibrate' made one for it, else embedded).")
  var basis: BasisSource?
  @Option(
    name: .customLong("group-layers"), number: .atLeast(1),
    help: "Layers that share a basis (default: as many as 640 features hold).")
  var groupLayers: Int?
  @Option(number: .within(1...1024), help: "Tokens of a block of the cosine transform (default: 16).") var block: Int?
  @Option(number: .atLeast(1), help: "Tokens of a separately decodable segment (default: 2048).") var segment: Int?
  @Option(name: .customLong("window-coding"), help: "How the window is kept: fine or lossless (default: fine).")
  var windowCoding: SpectralParameters.WindowCoding?
  @Option(
    name: .customLong("window-steps"),
    help: ArgumentHelp(
      "How much finer the window's steps are: fine or even (default: even with --ratio, else fine).", valueName: "name")
  )
  var windowSteps: WindowSteps?
  @Option(
    name: .customLong("exact-fraction"), number: .within(0...1),
    help: "Fraction of each layer's features that stay exact (default: 0).")
  var exactFraction: Double?
  @Flag(
    name: .customLong("weight-values"), help: "Give values of tokens that get little attention coarser steps.")
  var weightValues = false

  func validate() throws {
    let rates = [("--target-error", targetError), ("--ratio", ratio), ("--step", step)].filter { $0.1 != nil }
    if rates.count > 1 { throw ValidationError("'\(rates[0].0)' and '\(rates[1].0)' are mutually exclusive") }
    if groupLayers != nil, basis == .model {
      throw ValidationError("'--group-layers' does not go with '--basis model': a basis file has its own groups")
    }
    if windowSteps != nil, windowCoding == .lossless {
      throw ValidationError("'--window-steps' does not go with '--window-coding lossless'")
    }
    let length = block ?? 16
    if let segment, segment < length || segment % length != 0 {
      throw ValidationError("'--segment' must be a multiple of '--block', which is \(length)")
    }
  }

  /// The name of the first option that was given; nil if none was.
  var firstGiven: String? {
    let given: [(String, Bool)] = [
      ("--target-error", targetError != nil), ("--ratio", ratio != nil), ("--step", step != nil),
      ("--basis", basis != nil), ("--group-layers", groupLayers != nil), ("--block", block != nil),
      ("--segment", segment != nil), ("--window-coding", windowCoding != nil), ("--window-steps", windowSteps != nil),
      ("--exact-fraction", exactFraction != nil), ("--weight-values", weightValues),
    ]
    return given.first { $0.1 }?.0
  }

  var parameters: SpectralParameters {
    var parameters = SpectralParameters()
    if let targetError { parameters.rate = .targetError(targetError) }
    if let ratio { parameters.rate = .ratio(ratio) }
    if let step { parameters.rate = .step(step) }
    parameters.basis = basis ?? parameters.basis
    parameters.groupLayers = groupLayers
    parameters.blockLength = block ?? parameters.blockLength
    // A segment is a whole number of blocks whatever their length.
    parameters.segmentTokens = segment ?? max(1, 2048 / parameters.blockLength) * parameters.blockLength
    parameters.windowCoding = windowCoding ?? parameters.windowCoding
    parameters.windowSteps = windowSteps
    parameters.exactFraction = exactFraction ?? parameters.exactFraction
    parameters.weightsValuesByAttention = weightValues
    return parameters
  }
}

extension WindowSteps: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
  public static var allValueStrings: [String] { named.map(\.name) }
}

extension BasisSource: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
  public static var allValueStrings: [String] { allCases.map(\.name) }
}

extension SpectralParameters.WindowCoding: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
  public static var allValueStrings: [String] { allCases.map(\.name) }
}
