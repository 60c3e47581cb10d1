import FileIO

/// Writes a file section by section; it appears at its destination at `commit` and not before.
///
/// Sections go to the file in the order of the calls and nothing is kept of them but their directory rows (about 100
/// bytes each), so that a cache is written layer by layer. The header comes last: it may hold what was measured while
/// the sections were made. A call that throws gives the file up: its sink is discarded, later calls trap.
///
/// With a key, the file is encrypted (formats/fkv.md §15), with another salt each time.
///
/// Not safe to use from several threads at once. The bytes depend on nothing but the arguments, without a key.
public final class FKVWriter {
  /// The rows of the sections so far, in file order.
  public private(set) var sections: [SectionEntry] = []
  /// The hash of prologue, header and directory (`FKVReader.fileHash`); 0 before `commit`.
  public private(set) var fileHash: UInt64 = 0
  private let file: any ByteSink
  private var ids: Set<SectionID> = []
  private var sealing: SealedWriting?

  /// Begins a file in a new sink of `destination`; what is there, if anything, stays as it is until `commit`.
  ///
  /// - Parameter key: encrypts the file; nil leaves it readable to everyone who has it.
  /// - Throws: what opening the sink throws: `FileError` if a folder is missing or not writable, or the path is no place
  ///   for a file.
  public convenience init(to destination: any ByteDestination, key: FileKey? = nil) throws {
    try self.init(to: destination, key: key, salt: key == nil ? [] : SectionCipher.randomSalt())
  }

  /// Begins a file at a path; the rest as `init(to:key:)`.
  public convenience init(path: String, key: FileKey? = nil) throws {
    try self.init(to: FileDestination(path: path), key: key)
  }

  /// The same with a salt of 32 bytes that the caller chose, for tests and vectors: two files must never share one.
  package init(to destination: any ByteDestination, key: FileKey?, salt: [UInt8]) throws {
    sealing = key.map { SealedWriting(SectionCipher($0, salt: salt)) }
    file = try destination.open()
    try file.append([UInt8](repeating: 0, count: Layout.prologueBytes))
  }

  /// The same, at a path.
  package convenience init(path: String, key: FileKey?, salt: [UInt8]) throws {
    try self.init(to: FileDestination(path: path), key: key, salt: salt)
  }

  deinit { file.discard() }

  /// Bytes written so far, prologue and prefixes included.
  public var byteCount: Int { file.byteCount }

  /// Adds a section and returns its directory row.
  ///
  /// Traps if the section is the header or was added before, if a number does not fit its field (layer below 2³² − 1,
  /// index and tokens below 2³²), or if reserved flags are set.
  ///
  /// - Parameters:
  ///   - tokens: the tokens that the section covers; empty where it covers none or all.
  ///   - flags: `.required` unless a reader may do without the section.
  ///   - rawBytes: bytes of the payload after decoding; nil where it is stored as it is.
  /// - Throws: `FormatError.tooManySections`, `FileError` if the disk is full or fails.
  @discardableResult
  public func add(
    _ kind: SectionKind, layer: Int? = nil, index: Int = 0, tokens: Range<Int> = 0..<0,
    flags: SectionFlags = .required, rawBytes: Int? = nil, payload: some ContiguousBytesSequence
  ) throws -> SectionEntry {
    precondition(kind != .header && kind != .seal, "commit(header:) writes header and seal")
    return try append(
      SectionID(kind, layer: layer, index: index), tokens: tokens, flags: flags, rawBytes: rawBytes,
      payload: payload)
  }

  /// Copies a section of another file, byte for byte and without decoding it, and returns its row here.
  ///
  /// Memory stays near 1 MiB whatever the section's size, except for encrypted ones, which are decrypted and encrypted anew.
  /// Traps as `add` does; flags are kept as they are.
  ///
  /// - Throws: `FormatError.sectionHash` and the other errors of `FKVReader.payload(of:)` if the section is damaged,
  ///   `FormatError.tooManySections`, `FileError`.
  @discardableResult
  public func copySection(from reader: FKVReader, _ source: SectionEntry) throws -> SectionEntry {
    precondition(source.kind != .header && source.kind != .seal, "commit(header:) writes header and seal")
    guard sealing == nil, reader.key == nil else {
      return try append(
        source.id, tokens: source.tokens, flags: source.flags.subtracting(.encrypted), rawBytes: source.rawBytes,
        payload: givingUpOnFailure { try reader.payload(of: source) })
    }
    return try givingUpOnFailure {
      let entry = SectionEntry(
        id: source.id, flags: source.flags, tokens: source.tokens, offset: file.byteCount,
        storedBytes: source.storedBytes, rawBytes: source.rawBytes, hash: source.hash)
      try register(entry)
      try file.append(Layout.syncWord + SectionDescription(entry).bytes)
      try reader.readPieces(of: source) { try file.append($0) }
      return entry
    }
  }

  /// Writes the header, the directory and the prologue, and makes the file appear at its destination, durably where that is a file.
  ///
  /// - Returns: the bytes of the whole file.
  /// - Throws: `FormatError.headerTooLarge`, `.tooManyFields`, `.tooManySections`, `FileError`.
  @discardableResult
  public func commit(
    header: RecordWriter, requiredFeatures: RequiredFeatures = [], optionalFeatures: OptionalFeatures = []
  ) throws -> Int {
    try givingUpOnFailure {
      let payload = header.encoded
      guard header.count <= FormatLimits.fields else {
        throw FormatError.tooManyFields(
          record: "header", offset: file.byteCount, count: header.count, limit: FormatLimits.fields)
      }
      guard payload.count <= FormatLimits.headerBytes else {
        throw FormatError.headerTooLarge(bytes: payload.count, limit: FormatLimits.headerBytes)
      }
      let features = sealing == nil ? requiredFeatures : requiredFeatures.union(.encrypted)
      let (entry, stored) = try appendHeader(payload, features, optionalFeatures)
      let directory = encodedDirectory
      let directoryOffset = file.byteCount
      try file.append(directory)
      var prologue = Prologue(
        requiredFeatures: features, optionalFeatures: optionalFeatures, fileBytes: UInt64(file.byteCount),
        headerOffset: UInt64(entry.offset), headerBytes: UInt32(stored.count),
        directoryBytes: UInt32(directory.count), directoryOffset: UInt64(directoryOffset), hash: 0)
      prologue.hash = metadataHash(prologue: prologue.hashedPart, header: stored[...], directory: directory[...])
      try file.overwrite(prologue.bytes, at: 0)
      let total = file.byteCount
      try file.commit()
      fileHash = prologue.hash
      return total
    }
  }

  /// The size that the file would have if it were committed now with a header of that many bytes.
  public func byteCount(withHeaderBytes headerBytes: Int) -> Int {
    let plain = file.byteCount + Layout.prefixBytes + headerBytes + (sections.count + 1) * Layout.rowBytes
    guard sealing != nil else { return plain }
    return plain + Layout.prefixBytes + Layout.rowBytes + Seal.byteCount(sections: sections.count + 2)
  }

  /// Gives the file up and discards what was written, as the end of the writer's life without `commit` does.
  public func discard() { file.discard() }

  private var encodedDirectory: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(sections.count * Layout.rowBytes)
    for entry in sections {
      bytes.append(contentsOf: SectionDescription(entry).bytes)
      bytes.append(integer: UInt32(0))
      bytes.append(integer: UInt64(entry.offset))
    }
    return bytes
  }

  /// Adds the header and returns its row and its bytes; in an encrypted file, after the seal that proves it.
  private func appendHeader(
    _ payload: [UInt8], _ requiredFeatures: RequiredFeatures, _ optionalFeatures: OptionalFeatures
  ) throws -> (entry: SectionEntry, stored: [UInt8]) {
    let id = SectionID(.header)
    guard var sealing else {
      return (try append(id, tokens: 0..<0, flags: .required, rawBytes: nil, payload: payload), payload)
    }
    func entry(_ id: SectionID, _ flags: SectionFlags, bytes: Int) -> SectionEntry {
      SectionEntry(
        id: id, flags: [.required, flags], tokens: 0..<0, offset: 0, storedBytes: bytes, rawBytes: bytes, hash: 0)
    }
    let header = entry(id, .encrypted, bytes: payload.count)
    let stored = sealing.close(payload, description: SectionDescription(header).hashedPart, isHeader: true)
    let own = entry(SectionID(.seal), [], bytes: Seal.byteCount(sections: sections.count + 2))
    let seal = sealing.seal(
      over: sections + [own, header], requiredFeatures: requiredFeatures, optionalFeatures: optionalFeatures)
    _ = try write(own.id, 0..<0, own.flags, nil, seal)
    return (try write(id, 0..<0, header.flags, nil, stored), stored)
  }

  private func append(
    _ id: SectionID, tokens: Range<Int>, flags: SectionFlags, rawBytes: Int?, payload: some ContiguousBytesSequence
  ) throws -> SectionEntry {
    precondition(id.layer.map { $0 >= 0 && $0 < Int(Layout.noLayer) } ?? true, "layer out of range")
    precondition(id.index >= 0 && id.index <= Int(UInt32.max), "index out of range")
    precondition(tokens.lowerBound >= 0 && tokens.upperBound <= Int(UInt32.max), "tokens out of range")
    precondition(rawBytes ?? 0 >= 0, "raw bytes below 0")
    precondition(flags.isDisjoint(with: .reserved), "reserved flags")
    // One way to say "none": both numbers 0 (§4.2).
    let tokens = tokens.isEmpty ? 0..<0 : tokens
    guard sealing != nil else { return try write(id, tokens, flags, rawBytes, payload) }
    return try payload.withRawBytes { bytes in
      let flags = flags.union(.encrypted)
      let entry = SectionEntry(
        id: id, flags: flags, tokens: tokens, offset: 0, storedBytes: bytes.count, rawBytes: rawBytes ?? bytes.count,
        hash: 0)
      let closed = sealing!.close(
        Array(bytes), description: SectionDescription(entry).hashedPart, isHeader: false)
      return try write(id, tokens, flags, rawBytes, closed)
    }
  }

  /// Adds a section whose payload is stored as it is given.
  private func write(
    _ id: SectionID, _ tokens: Range<Int>, _ flags: SectionFlags, _ rawBytes: Int?,
    _ payload: some ContiguousBytesSequence
  ) throws -> SectionEntry {
    try givingUpOnFailure {
      try payload.withRawBytes { bytes in
        func entry(hash: UInt64) -> SectionEntry {
          SectionEntry(
            id: id, flags: flags, tokens: tokens, offset: file.byteCount, storedBytes: bytes.count,
            rawBytes: rawBytes ?? bytes.count, hash: hash)
        }
        let hash = SectionDescription(entry(hash: 0)).startedHash
        hash.update(bytes)
        let row = entry(hash: hash.value)
        try register(row)
        try file.append(Layout.syncWord + SectionDescription(row).bytes)
        try file.append(bytes)
        return row
      }
    }
  }

  private func register(_ entry: SectionEntry) throws {
    precondition(ids.insert(entry.id).inserted, "section \(entry.id) was added before")
    guard sections.count < FormatLimits.sections else {
      throw FormatError.tooManySections(count: sections.count + 1, limit: FormatLimits.sections)
    }
    sections.append(entry)
  }

  private func givingUpOnFailure<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch {
      file.discard()
      throw error
    }
  }
}

/// XXH3-64 of the prologue before its hash, the header's payload and the directory (formats/fkv.md §3.4).
func metadataHash(prologue: [UInt8], header: ArraySlice<UInt8>, directory: ArraySlice<UInt8>) -> UInt64 {
  let hash = ContentHash()
  hash.update(prologue)
  hash.update(header)
  hash.update(directory)
  return hash.value
}
