/// How an `.fkv` holds keys and values. Raw values are the codes of the format (formats/fkv.md §6).
public struct Profile: Hashable, Sendable {
  /// The code in the header.
  public let rawValue: UInt16
  /// The name on the command line and in tables.
  public let name: String

  /// A profile of that code; equal to every other of the code.
  package init(rawValue: UInt16, name: String) {
    self.rawValue = rawValue
    self.name = name
  }

  public static func == (a: Profile, b: Profile) -> Bool { a.rawValue == b.rawValue }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }

  /// Every bit of every number, byte planes compressed.
  public static let lossless = Profile(rawValue: 1, name: "lossless")
  /// FourierAttention as published (arXiv 2506.11886): exact sinks, window and local dimensions; truncated spectra of
  /// the other dimensions.
  public static let fourier = Profile(rawValue: 2, name: "fourier")
  /// Decorrelated features, block spectra along tokens, quantised and entropy-coded; exact sinks (docs/method.md).
  public static let spectral = Profile(rawValue: 3, name: "spectral")
}

extension Profile: CaseIterable {
  /// The profiles that fkv has, by their codes.
  public static var allCases: [Profile] { ProfileTable.standard.entries.map(\.profile) }

  /// The profile with that name; nil for any other name.
  public init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}
