import FileIO

/// An fkv file opened for reading: its metadata verified, its sections read and verified one by one when asked for.
///
/// Opening reads the prologue, the header and the directory, never a section (of an encrypted file, its seal). Safe to use from several threads at once.
public final class FKVReader: Sendable {
  /// What the bytes are called: the path of a file.
  public var name: String { file.name }
  /// Bytes of the whole file.
  public let fileBytes: Int
  public let optionalFeatures: OptionalFeatures
  public let requiredFeatures: RequiredFeatures
  /// The header record (formats/fkv.md §6).
  public let header: RecordReader
  /// The prologue's hash, verified: of prologue, header and directory, the hash of every section among them. 0 with a
  /// `metadataError`.
  public let fileHash: UInt64
  /// Every section in file order, those of unknown kinds too; the header is the last.
  public let sections: [SectionEntry]
  /// The key that opened the file; nil if it is not encrypted.
  public let key: FileKey?
  private let file: any ByteSource
  private let places: [SectionID: Int]
  private let seal: OpenedSeal?

  /// Why the sections were searched for, in a file that was opened all the same (`salvaging`); nil otherwise. Sections that
  /// are damaged, or were cut out, are then not among `sections`.
  public let metadataError: FormatError?

  /// Opens a file by its path; the rest as `init(_:limits:knownKinds:salvaging:key:)`.
  public convenience init(
    path: String, limits: ReadingLimits = ReadingLimits(), knownKinds: Set<SectionKind> = SectionKind.known,
    salvaging: Bool = false, key: FileKey? = nil
  ) throws {
    try self.init(FileReader(path: path), limits: limits, knownKinds: knownKinds, salvaging: salvaging, key: key)
  }

  /// Opens the bytes of a file and verifies its metadata.
  ///
  /// - Parameters:
  ///   - file: the bytes, wherever they lie.
  ///   - limits: what the file may claim.
  ///   - knownKinds: the kinds that the caller understands; required sections of others refuse the file.
  ///   - salvaging: whether sections are searched for (formats/fkv.md §4.6) where prologue or directory are damaged or the
  ///     file was cut, and damage in the prefix of the header's section is no reason to refuse the file.
  ///   - key: opens an encrypted file; not looked at for others.
  /// - Throws: `FormatError` for everything that formats/fkv.md forbids; `FileError` if the file cannot be read.
  public init(
    _ file: any ByteSource, limits: ReadingLimits = ReadingLimits(), knownKinds: Set<SectionKind> = SectionKind.known,
    salvaging: Bool = false, key: FileKey? = nil
  ) throws {
    let metadata: FileMetadata
    var damage: FormatError?
    do {
      metadata = try FileMetadata(
        file, limits: limits, knownKinds: knownKinds, key: key, checksHeaderPrefix: !salvaging)
    } catch let error as FormatError where salvaging && error.mayBeDamage {
      guard let found = try FileMetadata(scanning: file, limits: limits, knownKinds: knownKinds) else { throw error }
      metadata = found
      damage = error
    }
    self.file = file
    fileBytes = file.byteCount
    requiredFeatures = metadata.requiredFeatures
    fileHash = metadata.hash
    optionalFeatures = metadata.optionalFeatures
    sections = metadata.sections
    places = metadata.places
    header = metadata.header
    seal = metadata.seal
    self.key = metadata.seal == nil ? nil : key
    metadataError = damage
    if !salvaging { _ = try payload(of: sections[sections.count - 1]) }
  }

  /// Bytes that are neither payload nor header: prologue, prefixes and directory.
  public var overheadBytes: Int {
    Layout.prologueBytes + sections.count * (Layout.prefixBytes + Layout.rowBytes)
  }

  /// The section with that kind, layer and number; nil if the file has none.
  public func section(_ kind: SectionKind, layer: Int? = nil, index: Int = 0) -> SectionEntry? {
    places[SectionID(kind, layer: layer, index: index)].map { sections[$0] }
  }

  /// The sections of a kind and layer, in file order.
  ///
  /// - Complexity: O(sections of the file); `section(_:layer:index:)` takes O(1).
  public func sections(_ kind: SectionKind, layer: Int? = nil) -> [SectionEntry] {
    sections.filter { $0.kind == kind && $0.layer == layer }
  }

  /// The payload of a section, verified: its prefix agrees with the directory, its hash with both; and decrypted, where
  /// the file is encrypted.
  ///
  /// - Parameter entry: one of `sections`.
  /// - Throws: `FormatError.syncWord`, `.prefixDiffers`, `.sectionHash`, `.notAuthentic`; `FileError` if reading fails.
  public func payload(of entry: SectionEntry) throws -> [UInt8] {
    let stored = try Self.storedBytes(of: entry, in: file)
    return try seal?.open(stored, of: entry) ?? stored
  }

  /// The bytes of a section as they lie in the file, verified.
  static func storedBytes(of entry: SectionEntry, in file: any ByteSource) throws -> [UInt8] {
    try checkPrefix(of: entry, file.read(at: entry.offset, count: Layout.prefixBytes))
    let payload = try file.read(at: entry.payloadOffset, count: entry.storedBytes)
    let hash = SectionDescription(entry).startedHash
    hash.update(payload)
    try checkHash(of: entry, hash.value)
    return payload
  }

  /// Gives a section's payload to `body` in pieces of up to 1 MiB, or in one piece if it is encrypted; throws as
  /// `payload(of:)` does, the hash being known only after the last piece.
  public func readPieces(of entry: SectionEntry, _ body: ([UInt8]) throws -> Void) throws {
    guard seal == nil else { return try body(payload(of: entry)) }
    try checkPrefix(of: entry, file.read(at: entry.offset, count: Layout.prefixBytes))
    try checkHash(of: entry, Self.storedHash(of: entry, in: file, body))
  }

  /// The hash of a section as it lies in the file (§4.3), whose payload `body` gets in pieces of up to 1 MiB.
  static func storedHash(
    of entry: SectionEntry, in file: any ByteSource, _ body: ([UInt8]) throws -> Void = { _ in }
  ) throws -> UInt64 {
    let hash = SectionDescription(entry).startedHash
    var done = 0
    while done < entry.storedBytes {
      let piece = try file.read(
        at: entry.payloadOffset + done, count: min(Layout.pieceBytes, entry.storedBytes - done))
      hash.update(piece)
      try body(piece)
      done += piece.count
    }
    return hash.value
  }

  /// The sections that are damaged, in file order; empty if the file is whole. Sections of unknown kinds are checked too.
  ///
  /// - Throws: `FileError` if the file cannot be read to its end.
  public func verifyAll() throws -> [SectionFinding] {
    try sections.compactMap { entry in
      do {
        try readPieces(of: entry) { _ in }
        return nil
      } catch let error as FormatError {
        return SectionFinding(section: entry, error: error)
      }
    }
  }
}

/// Checks that the first 48 of `bytes` are the prefix that the section's row calls for.
func checkPrefix(of entry: SectionEntry, _ bytes: [UInt8]) throws {
  guard bytes.prefix(Layout.syncWord.count) == Layout.syncWord[...] else {
    throw FormatError.syncWord(
      entry.id, offset: entry.offset, found: Array(bytes.prefix(Layout.syncWord.count)))
  }
  let prefix = SectionDescription(parsing: bytes, at: Layout.syncWord.count)
  if let (field, directory, found) = SectionDescription(entry).difference(from: prefix) {
    throw FormatError.prefixDiffers(
      entry.id, field, offset: entry.offset, directory: directory, prefix: found)
  }
}

private func checkHash(of entry: SectionEntry, _ computed: UInt64) throws {
  guard computed == entry.hash else {
    throw FormatError.sectionHash(entry.id, offset: entry.offset, declared: entry.hash, computed: computed)
  }
}

extension FKVReader {
  /// Whether a file that begins with these bytes is an `.fkv`, whole or mangled: its magic's first four are there
  /// (formats/fkv.md §3.1).
  package static func recognises(_ head: some Sequence<UInt8>) -> Bool { head.starts(with: Layout.magic.prefix(4)) }
}
