/// The number of a field within its kind of record (formats/fkv.md §5 for the encoding, §6 for the header's tags).
public struct FieldTag: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public init(integerLiteral value: UInt16) { rawValue = value }
}

extension FieldTag: CustomStringConvertible {
  /// The number as `0x0012`.
  public var description: String { hexadecimal(rawValue) }
}

/// The flag bits of a field (formats/fkv.md §5.2).
enum FieldFlags {
  static let required: UInt16 = 0x0001
  static let reserved: UInt16 = 0x00FE
}
