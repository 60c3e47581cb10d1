/// What a section holds. The registry is open: formats/fkv.md §7 lists the numbers, and a reader meets unknown ones.
public struct SectionKind: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The header record (§6): one a file, always the last section.
  public static let header = SectionKind(rawValue: 1)

  /// The kinds that this version understands, with the names that reports and errors use.
  public static let names: [SectionKind: String] = [.header: "header"]

  /// The kinds that this version understands.
  public static let known = Set(names.keys)
}

extension SectionKind: CustomStringConvertible {
  /// The name in `names`, or `kind-0x0123` for a kind without one.
  public var description: String { Self.names[self] ?? "kind-" + hexadecimal(rawValue) }
}
