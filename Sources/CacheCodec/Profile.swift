/// How an `.fkv` holds keys and values. Raw values are the codes of the format (formats/fkv.md §6).
public enum Profile: UInt16, Hashable, Sendable, CaseIterable {
  /// Every bit of every number, byte planes compressed.
  case lossless = 1
  /// FourierAttention as published (arXiv 2506.11886): exact sinks, window and local dimensions; truncated spectra of
  /// the other dimensions.
  case fourier = 2
  /// Decorrelated features, block spectra along tokens, quantised and entropy-coded; exact sinks (docs/method.md).
  case spectral = 3

  /// `lossless`, `fourier` or `spectral`: the name on the command line and in tables.
  public var name: String {
    switch self {
    case .lossless: "lossless"
    case .fourier: "fourier"
    case .spectral: "spectral"
    }
  }

  /// The profile with that name; nil for any other name.
  public init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}
