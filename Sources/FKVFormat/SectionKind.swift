/// What a section holds. The registry is open: formats/fkv.md §7 lists the numbers, and a reader meets unknown ones.
public struct SectionKind: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The header record (§6): one a file, always the last section.
  public static let header = SectionKind(rawValue: 1)
  /// The prompt's token ids (§7.1); a reader may do without them.
  public static let tokens = SectionKind(rawValue: 2)
  /// What opens an encrypted file and proves it (§15.3): the last section before the header, and only there.
  public static let seal = SectionKind(rawValue: 3)
  /// Keys and values of one layer, bit for bit (§8).
  public static let losslessKeys = SectionKind(rawValue: 16)
  public static let losslessValues = SectionKind(rawValue: 17)
  /// Keys and values of one layer as exact parts and truncated spectra (§9).
  public static let fourierKeys = SectionKind(rawValue: 32)
  public static let fourierValues = SectionKind(rawValue: 33)
  /// Weights, means, basis and exact tokens of a group's keys and values (§13.2).
  public static let spectralKeyFrame = SectionKind(rawValue: 48)
  public static let spectralValueFrame = SectionKind(rawValue: 49)
  /// Coefficients of a run of tokens of a group's keys and values (§13.3).
  public static let spectralKeys = SectionKind(rawValue: 50)
  public static let spectralValues = SectionKind(rawValue: 51)
  /// Weights and basis of a group's keys and values in a basis file (§14).
  public static let basisKeys = SectionKind(rawValue: 64)
  public static let basisValues = SectionKind(rawValue: 65)

  /// The kinds that this version understands, with the names that reports and errors use.
  public static let names: [SectionKind: String] = [
    .header: "header", .tokens: "tokens", .seal: "seal", .losslessKeys: "lossless-keys",
    .losslessValues: "lossless-values",
    .fourierKeys: "fourier-keys", .fourierValues: "fourier-values",
    .spectralKeyFrame: "spectral-key-frame", .spectralValueFrame: "spectral-value-frame",
    .spectralKeys: "spectral-keys", .spectralValues: "spectral-values",
    .basisKeys: "basis-keys", .basisValues: "basis-values",
  ]

  /// The kinds that this version understands.
  public static let known = Set(names.keys)
}

extension SectionKind: CustomStringConvertible {
  /// The name in `names`, or `kind-0x0123` for a kind without one.
  public var description: String { Self.names[self] ?? "kind-" + hexadecimal(rawValue) }
}
