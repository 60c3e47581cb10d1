/// How much a file may claim before a reader refuses it (formats/fkv.md §2.4). The format's own limits come first:
/// a larger number here does not lift them.
public struct ReadingLimits: Hashable, Sendable {
  /// Sections in the file, the header's among them.
  public var sections: Int
  /// Bytes of the header record.
  public var headerBytes: Int
  /// Decoded bytes that any section may claim, whatever it stores.
  public var sectionRawBytes: Int
  /// Decoded bytes that even the smallest section may claim; beyond them `expansion` decides.
  public var rawBytesFloor: Int
  /// Decoded bytes that a section may claim for each stored byte, above the floor.
  public var expansion: Int
  /// Decoded bytes that all sections together may claim.
  public var totalRawBytes: Int

  public init(
    sections: Int = FormatLimits.sections, headerBytes: Int = FormatLimits.headerBytes,
    sectionRawBytes: Int = 8 << 30, rawBytesFloor: Int = 64 << 20, expansion: Int = 4096,
    totalRawBytes: Int = 1 << 40
  ) {
    self.sections = sections
    self.headerBytes = headerBytes
    self.sectionRawBytes = sectionRawBytes
    self.rawBytesFloor = rawBytesFloor
    self.expansion = expansion
    self.totalRawBytes = totalRawBytes
  }

  /// The largest `raw_bytes` that a section of `storedBytes` may declare:
  ///
  ///     min(sectionRawBytes, rawBytesFloor + expansion · storedBytes)
  func rawBytes(storedBytes: Int) -> Int {
    let (product, overflow) = storedBytes.multipliedReportingOverflow(by: expansion)
    let (sum, carry) = product.addingReportingOverflow(rawBytesFloor)
    return overflow || carry ? sectionRawBytes : min(sectionRawBytes, sum)
  }
}

/// Limits that are part of the format: no writer passes them (formats/fkv.md §2.4).
public enum FormatLimits {
  /// Sections in a file: 2²⁰, so that a directory takes at most 56 MiB.
  public static let sections = 1 << 20
  /// Bytes of the header record: 16 MiB.
  public static let headerBytes = 1 << 24
  /// Fields in one record, not counting those of records nested in it: 2¹⁶.
  public static let fields = 1 << 16
}
