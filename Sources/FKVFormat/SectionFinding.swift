/// A damaged section that `FKVReader.verifyAll()` found.
public struct SectionFinding: Equatable, Sendable {
  public let section: SectionEntry
  /// What is wrong with it: `syncWord`, `prefixDiffers` or `sectionHash`.
  public let error: FormatError

  /// The hash that the directory states.
  public var declaredHash: UInt64 { section.hash }

  /// The hash that the bytes give; nil if the damage lies in the section's prefix.
  public var computedHash: UInt64? {
    if case .sectionHash(_, _, _, let computed) = error { computed } else { nil }
  }
}

extension SectionFinding: CustomStringConvertible {
  public var description: String { error.description }
}
