import Baselines
import CacheCodec
import Foundation

extension EvalMethod {
  /// Why a list of methods cannot be used.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// No method has that name.
    case unknown(String)
    /// What stands after `@` is no setting of the method.
    case setting(String, expected: String)
    /// The list has a method twice.
    case repeated(String)
    /// The list is empty.
    case none

    public var description: String {
      switch self {
      case .unknown(let name): "there is no method '\(name)'; there are \(EvalMethod.forms.joined(separator: ", "))"
      case .setting(let name, let expected): "method '\(name)' must be \(expected)"
      case .repeated(let name): "method '\(name)' is given twice"
      case .none: "give at least one method"
      }
    }
  }

  /// How methods are written.
  public static let forms = [
    "full", "lossless", "fourier", "spectral", "spectral@12x", "spectral@e0.085", "spectral[@…]+window=0",
    "spectral[@…]+weight-values", "spectral[@…]+group-layers=1", "spectral-model[@…]", "q8_0", "q4_0", "q4_0+hadamard",
    "kivi-4", "kivi-3", "kivi-2", "streaming@12x",
  ]

  /// The methods of a list separated by commas.
  ///
  /// - Throws: `Failure`.
  public static func list(_ text: String) throws -> [EvalMethod] {
    let methods = try text.split(separator: ",").map {
      try EvalMethod($0.trimmingCharacters(in: .whitespaces))
    }
    guard !methods.isEmpty else { throw Failure.none }
    var seen: Set<String> = []
    for method in methods where !seen.insert(method.name).inserted { throw Failure.repeated(method.name) }
    return methods
  }

  /// The method that a text names: `full`, `q4_0`, `kivi-2`, `spectral@12x` (a ratio), `spectral@e0.085` (a mean
  /// attention-output error), `spectral@12x+window=0` (with an option of compress), `streaming@12x`, …
  ///
  /// - Throws: `Failure`.
  public init(_ text: String) throws {
    if text.hasPrefix("spectral") {
      self.init(name: text, way: .spectral(try Self.spectral(text)))
      return
    }
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let setting = parts.count == 2 ? parts[1] : nil
    let way: Way
    switch parts[0] {
    case "streaming":
      guard let ratio = setting.flatMap(Self.ratio) else {
        throw Failure.setting(text, expected: "streaming@ and a ratio, as in streaming@12x")
      }
      way = .streaming(ratio: ratio)
    default:
      guard let plain = Self.plain[parts[0]] else { throw Failure.unknown(text) }
      guard setting == nil else { throw Failure.setting(text, expected: "\(parts[0]), without a setting") }
      way = plain
    }
    self.init(name: text, way: way)
  }

  /// Methods without a setting.
  private static let plain: [String: Way] = [
    "full": .full, "lossless": .lossless, "fourier": .fourier, "q8_0": .blocks(.q8, rotates: false),
    "q4_0": .blocks(.q4, rotates: false), "q4_0+hadamard": .blocks(.q4, rotates: true), "kivi-4": .kivi(bits: 4),
    "kivi-3": .kivi(bits: 3), "kivi-2": .kivi(bits: 2),
  ]

  /// The settings that `spectral` or `spectral-model` stands for, with what may follow: `@` and a rate, then options, each
  /// after a `+`.
  private static func spectral(_ text: String) throws -> SpectralParameters {
    var options = text.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    let parts = options.removeFirst().split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    var parameters = SpectralParameters()
    switch parts[0] {
    case "spectral": parameters.basis = .embedded
    case "spectral-model": parameters.basis = .model
    default: throw Failure.unknown(text)
    }
    if parts.count == 2 { parameters.rate = try rate(String(parts[1]), of: text) }
    for option in options {
      let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let number = pair.count == 2 ? Int(pair[1]) : nil
      switch (pair[0], number) {
      case ("window", let tokens?) where tokens >= 0: parameters.window = tokens
      case ("group-layers", let layers?) where layers > 0: parameters.groupLayers = layers
      case ("weight-values", nil) where pair.count == 1: parameters.weightsValuesByAttention = true
      case ("window-steps", nil) where WindowSteps(name: pair.last!) != nil:
        parameters.windowSteps = WindowSteps(name: pair.last!)
      default:
        throw Failure.setting(
          text,
          expected:
            "with the options +window=N, +window-steps=fine, +group-layers=N and +weight-values, as in spectral@12x+window=0"
        )
      }
    }
    return parameters
  }

  /// `12x` or `e0.085`.
  private static func rate(_ setting: String, of text: String) throws -> SpectralParameters.Rate {
    if let ratio = ratio(setting) { return .ratio(ratio) }
    if setting.hasPrefix("e"), let error = Double(setting.dropFirst()), SpectralParameters.legalSteps.contains(error),
      error < 1
    {
      return .targetError(error)
    }
    throw Failure.setting(text, expected: "as spectral@12x (a ratio above 1) or spectral@e0.085 (an error below 1)")
  }

  /// The number of `12x`, if it is above 1 and finite.
  private static func ratio(_ setting: String) -> Double? {
    guard setting.hasSuffix("x"), let ratio = Double(setting.dropLast()), ratio > 1, ratio.isFinite else { return nil }
    return ratio
  }
}
