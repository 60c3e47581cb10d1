/// One row of the directory: where a section lies and what it declares of itself (formats/fkv.md §4).
public struct SectionEntry: Hashable, Sendable {
  public let id: SectionID
  public let flags: SectionFlags
  /// The tokens that the section covers; empty where it covers none or all.
  public let tokens: Range<Int>
  /// Where the section starts in the file, which is where its prefix starts.
  public let offset: Int
  /// Bytes of the payload as it lies in the file.
  public let storedBytes: Int
  /// Bytes of the payload after decoding, as its writer declares them.
  public let rawBytes: Int
  /// XXH3-64 of the description and the payload.
  public let hash: UInt64

  public var kind: SectionKind { id.kind }
  public var layer: Int? { id.layer }
  public var index: Int { id.index }
  /// Where the payload starts in the file.
  public var payloadOffset: Int { offset + Layout.prefixBytes }
  /// Bytes of the whole section in the file: prefix and payload.
  public var fileBytes: Int { Layout.prefixBytes + storedBytes }
}
