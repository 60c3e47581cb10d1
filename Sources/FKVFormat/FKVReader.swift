import FileIO

/// An fkv file opened for reading: its metadata verified, its sections read and verified one by one when asked for.
///
/// Opening reads the prologue, the header and the directory, never a section (of an encrypted file, its seal). Safe to use from several threads at once.
public final class FKVReader: Sendable {
  public let path: String
  /// Bytes of the whole file.
  public let fileBytes: Int
  public let optionalFeatures: OptionalFeatures
  public let requiredFeatures: RequiredFeatures
  /// The header record (formats/fkv.md §6).
  public let header: RecordReader
  /// The prologue's hash, verified: of prologue, header and directory, the hash of every section among them.
  public let fileHash: UInt64
  /// Every section in file order, those of unknown kinds too; the header is the last.
  public let sections: [SectionEntry]
  /// The key that opened the file; nil if it is not encrypted.
  public let key: FileKey?
  private let file: FileReader
  private let places: [SectionID: Int]
  private let seal: OpenedSeal?

  /// Opens a file and verifies its metadata.
  ///
  /// - Parameters:
  ///   - limits: what the file may claim.
  ///   - knownKinds: the kinds that the caller understands; required sections of others refuse the file.
  ///   - key: opens an encrypted file; not looked at for others.
  /// - Throws: `FormatError` for everything that formats/fkv.md forbids; `FileError` if the file cannot be read.
  public init(
    path: String, limits: ReadingLimits = ReadingLimits(), knownKinds: Set<SectionKind> = SectionKind.known,
    key: FileKey? = nil
  ) throws {
    let file = try FileReader(path: path)
    let start = try file.read(at: 0, count: min(file.byteCount, Layout.prologueBytes))
    let prologue = try Prologue(parsing: start, fileBytes: file.byteCount, limits: limits)
    let tailOffset = Int(prologue.headerOffset)
    let tail = try file.read(at: tailOffset, count: file.byteCount - tailOffset)
    let directoryStart = Int(prologue.directoryOffset) - tailOffset
    let headerPayload = tail[Layout.prefixBytes..<directoryStart]
    let computed = metadataHash(
      prologue: Array(start.prefix(Layout.hashedPrologueBytes)), header: headerPayload,
      directory: tail[directoryStart...])
    guard computed == prologue.hash else {
      throw FormatError.metadataHash(
        offset: Prologue.offsetOfHash, declared: prologue.hash, computed: computed)
    }
    let directory = try Directory(
      parsing: tail, at: directoryStart, prologue: prologue, limits: limits, knownKinds: knownKinds)
    let headerEntry = directory.sections[directory.sections.count - 1]
    try checkPrefix(of: headerEntry, tail)
    let isEncrypted = prologue.requiredFeatures.contains(.encrypted)
    seal = try isEncrypted ? Self.openedSeal(file, directory, prologue, key) : nil
    self.key = isEncrypted ? key : nil
    self.file = file
    self.path = path
    fileBytes = file.byteCount
    requiredFeatures = prologue.requiredFeatures
    fileHash = prologue.hash
    optionalFeatures = prologue.optionalFeatures
    sections = directory.sections
    places = directory.places
    if let seal {
      // The same bytes in the place of those that were read, so that offsets in errors are those of the file.
      let opened = try seal.open(Array(headerPayload), of: headerEntry)
      header = try RecordReader(
        storage: Array(tail[..<headerPayload.startIndex]) + opened,
        range: headerPayload.startIndex..<headerPayload.endIndex, name: "header", base: tailOffset)
    } else {
      header = try RecordReader(
        storage: tail, range: headerPayload.startIndex..<headerPayload.endIndex, name: "header", base: tailOffset)
    }
    _ = try payload(of: headerEntry)
  }

  /// The proved seal of an encrypted file.
  private static func openedSeal(
    _ file: FileReader, _ directory: Directory, _ prologue: Prologue, _ key: FileKey?
  ) throws -> OpenedSeal {
    let sections = directory.sections
    guard let key else { throw FormatError.keyNeeded(offset: sections[sections.count - 2].offset) }
    return try OpenedSeal(
      payload: storedBytes(of: sections[sections.count - 2], in: file), key: key, sections: sections,
      numbers: directory.places, requiredFeatures: prologue.requiredFeatures,
      optionalFeatures: prologue.optionalFeatures)
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
  private static func storedBytes(of entry: SectionEntry, in file: FileReader) throws -> [UInt8] {
    try checkPrefix(of: entry, file.read(at: entry.offset, count: Layout.prefixBytes))
    let payload = try file.read(at: entry.payloadOffset, count: entry.storedBytes)
    let hash = ContentHash()
    hash.update(SectionDescription(entry).hashedPart)
    hash.update(payload)
    try checkHash(of: entry, hash.value)
    return payload
  }

  /// Gives a section's payload to `body` in pieces of up to 1 MiB, or in one piece if it is encrypted; throws as
  /// `payload(of:)` does, the hash being known only after the last piece.
  public func readPieces(of entry: SectionEntry, _ body: ([UInt8]) throws -> Void) throws {
    guard seal == nil else { return try body(payload(of: entry)) }
    try checkPrefix(of: entry, file.read(at: entry.offset, count: Layout.prefixBytes))
    let hash = ContentHash()
    hash.update(SectionDescription(entry).hashedPart)
    var done = 0
    while done < entry.storedBytes {
      let piece = try file.read(
        at: entry.payloadOffset + done, count: min(Layout.pieceBytes, entry.storedBytes - done))
      hash.update(piece)
      try body(piece)
      done += piece.count
    }
    try checkHash(of: entry, hash.value)
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
private func checkPrefix(of entry: SectionEntry, _ bytes: [UInt8]) throws {
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
