/// The flag bits of a section (formats/fkv.md §4.3).
public struct SectionFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// A reader that does not know the section's kind refuses the file; without this bit it skips the section.
  public static let required = SectionFlags(rawValue: 1)

  /// The payload is encrypted (formats/fkv.md §15); reserved in files without that feature.
  public static let encrypted = SectionFlags(rawValue: 2)

  /// Bits that nobody but a writer of encrypted files sets. Those above `encrypted` may get a meaning that changes the
  /// payload (a second coding): refused.
  public static let reserved = SectionFlags(rawValue: 0x00FE)

  /// Bits that later versions may use for hints: written as 0, ignored, kept when a section is copied.
  public static let unused = SectionFlags(rawValue: 0xFF00)
}
