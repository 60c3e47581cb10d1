import FileIO

/// What a reader knows of a file before it reads a section: from prologue, header and directory, or, where these are
/// damaged, from the sections that are found without them.
struct FileMetadata {
  var requiredFeatures: RequiredFeatures = []
  var optionalFeatures: OptionalFeatures = []
  /// The prologue's hash; 0 if it could not be verified.
  var hash: UInt64 = 0
  /// In file order; the header is the last.
  var sections: [SectionEntry]
  var places: [SectionID: Int]
  var header: RecordReader
  /// What opens the sections of an encrypted file.
  var seal: OpenedSeal?

  /// Reads prologue, header and directory in the order of formats/fkv.md §3.3.
  ///
  /// - Parameters:
  ///   - key: opens an encrypted file.
  ///   - checksHeaderPrefix: whether damage in the header section's prefix, which says nothing that the directory does not
  ///     say, refuses the file.
  init(
    _ file: any ByteSource, limits: ReadingLimits, knownKinds: Set<SectionKind>, key: FileKey?, checksHeaderPrefix: Bool
  ) throws {
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
    if checksHeaderPrefix { try checkPrefix(of: headerEntry, tail) }
    requiredFeatures = prologue.requiredFeatures
    optionalFeatures = prologue.optionalFeatures
    hash = prologue.hash
    sections = directory.sections
    places = directory.places
    var storage = tail
    if prologue.requiredFeatures.contains(.encrypted) {
      let opened = try OpenedSeal(file, directory, prologue, key)
      // The same bytes in the place of those that were read, so that offsets in errors are those of the file.
      storage = Array(tail[..<headerPayload.startIndex]) + (try opened.open(Array(headerPayload), of: headerEntry))
      seal = opened
    }
    header = try RecordReader(
      storage: storage, range: headerPayload.startIndex..<headerPayload.endIndex, name: "header", base: tailOffset)
  }

  /// The sections that a search finds (formats/fkv.md §4.6); nil without a header section among them, as in an encrypted
  /// file, whose sections cannot be opened without its directory.
  ///
  /// - Throws: `FormatError` if a section is found that must not be passed over, or they claim more than the limits;
  ///   `FileError`.
  init?(scanning file: any ByteSource, limits: ReadingLimits, knownKinds: Set<SectionKind>) throws {
    var scan = SectionScan(file, limits: limits)
    var sections: [SectionEntry] = []
    var places: [SectionID: Int] = [:]
    var header: SectionEntry?
    var totalRaw = 0
    while let entry = try scan.next() {
      if entry.kind == .header {
        header = entry
        continue
      }
      try Directory.checkKind(entry, isLast: false, knownKinds: knownKinds)
      guard places[entry.id] == nil else { continue }
      guard sections.count + 1 < min(limits.sections, FormatLimits.sections) else {
        throw FormatError.tooManySections(
          count: sections.count + 2, limit: min(limits.sections, FormatLimits.sections))
      }
      totalRaw = try Directory.adding(entry, to: totalRaw, limit: limits.totalRawBytes)
      places[entry.id] = sections.count
      sections.append(entry)
    }
    guard let header, header.storedBytes <= min(limits.headerBytes, FormatLimits.headerBytes) else { return nil }
    places[header.id] = sections.count
    sections.append(header)
    let payload = try file.read(at: header.payloadOffset, count: header.storedBytes)
    self.sections = sections
    self.places = places
    self.header = try RecordReader(
      storage: payload, range: 0..<payload.count, name: "header", base: header.payloadOffset)
  }
}

extension FormatError {
  /// Whether damage of prologue or directory may show so: then sections can be searched for. Other faults of them pass
  /// the metadata hash, or say that the file is of another kind.
  var mayBeDamage: Bool {
    switch self {
    case .notFKV, .mangledMagic, .fileSize, .prologueField, .metadataHash, .directorySize, .tooManySections,
      .headerTooLarge:
      true
    default: false
    }
  }
}
