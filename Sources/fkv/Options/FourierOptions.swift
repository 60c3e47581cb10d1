import ArgumentParser
import CacheCodec
import KVCacheModel

/// The settings of profile `fourier`; what is not given keeps the published default.
struct FourierOptions: ParsableArguments {
  @Option(
    number: .form("an even number of at least 2") { Int($0).flatMap { $0 >= 2 && $0 % 2 == 0 ? $0 : nil } },
    help: "Spectral states of a feature, two a frequency (default: 1024, at most a quarter of the middle).")
  var states: Int?
  @Option(
    name: .customLong("key-fraction"), number: .within(0...1),
    help: "Fraction of key features kept as spectra (default: as published).")
  var keyFraction: Double?
  @Option(
    name: .customLong("value-fraction"), number: .within(0...1),
    help: "Fraction of value features kept as spectra (default: as published).")
  var valueFraction: Double?
  @Option(
    number: .within(1...FourierParameters.longestPeriod),
    help: "Period of the basis in tokens (default: the middle's length); longer leaves room for tokens to come.")
  var period: Int?
  @Option(help: "projection (lowest error) or published (mean and largest deviation matched).")
  var reconstruction: FourierReconstruction?
  @Option(help: "How coefficients are stored: f16 or f32 (default: f16).") var coefficients: CoefficientType?

  enum CoefficientType: String, ExpressibleByArgument, CaseIterable {
    case f16, f32
  }

  /// The name of the first option that was given; nil if none was.
  var firstGiven: String? {
    let given: [(String, Bool)] = [
      ("--states", states != nil),
      ("--key-fraction", keyFraction != nil), ("--value-fraction", valueFraction != nil), ("--period", period != nil),
      ("--reconstruction", reconstruction != nil), ("--coefficients", coefficients != nil),
    ]
    return given.first { $0.1 }?.0
  }

  var parameters: FourierParameters {
    var parameters = FourierParameters()
    parameters.states = states
    parameters.keyFraction = keyFraction
    parameters.valueFraction = valueFraction
    parameters.period = period
    parameters.reconstruction = reconstruction ?? parameters.reconstruction
    parameters.coefficientType = coefficients == .f32 ? .float32 : .float16
    return parameters
  }
}

extension FourierReconstruction: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
  public static var allValueStrings: [String] { allCases.map(\.name) }
}
