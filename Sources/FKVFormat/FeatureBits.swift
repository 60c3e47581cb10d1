/// What a reader must be able to do to read a file at all (formats/fkv.md §3.2).
public struct RequiredFeatures: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Sections are encrypted (formats/fkv.md §15).
  public static let encrypted = RequiredFeatures(rawValue: 1)

  /// The bits that this version understands; a file with any other is refused.
  public static let known: RequiredFeatures = [.encrypted]
}

/// What a reader may make use of and may ignore (formats/fkv.md §3.2). Version 1 defines no bit.
public struct OptionalFeatures: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }
}
