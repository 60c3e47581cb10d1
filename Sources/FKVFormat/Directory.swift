/// The rows of a file's directory, checked against the file and each other (formats/fkv.md §4.4).
struct Directory {
  let sections: [SectionEntry]
  /// Where each section stands in `sections`.
  let places: [SectionID: Int]

  /// - Parameters:
  ///   - bytes: the end of the file, from the header section on.
  ///   - start: where the directory starts in `bytes`.
  init(
    parsing bytes: [UInt8], at start: Int, prologue: Prologue, limits: ReadingLimits, knownKinds: Set<SectionKind>
  ) throws {
    var sections: [SectionEntry] = []
    var places: [SectionID: Int] = [:]
    sections.reserveCapacity(prologue.sectionCount)
    places.reserveCapacity(prologue.sectionCount)
    var position = Layout.prologueBytes
    var totalRaw = 0
    for row in 0..<prologue.sectionCount {
      let rowStart = start + row * Layout.rowBytes
      let isLast = row == prologue.sectionCount - 1
      let found = DirectoryRow(
        description: SectionDescription(parsing: bytes, at: rowStart),
        reserved: bytes.integer(at: rowStart + 44), offset: bytes.integer(at: rowStart + 48),
        place: Int(prologue.directoryOffset) + row * Layout.rowBytes)
      // The sections before the header end where it starts, the header ends where the directory starts.
      let end = isLast ? Int(prologue.directoryOffset) : Int(prologue.headerOffset)
      let isEncrypted = prologue.requiredFeatures.contains(.encrypted)
      let entry = try found.entry(at: position, end: end, limits: limits, isEncrypted: isEncrypted)
      try Self.checkKind(entry, isLast: isLast, knownKinds: knownKinds)
      try Self.checkSeal(entry, isItsPlace: isEncrypted && row == prologue.sectionCount - 2)
      totalRaw = try Self.adding(entry, to: totalRaw, limit: limits.totalRawBytes)
      guard places.updateValue(row, forKey: entry.id) == nil else {
        throw FormatError.duplicateSection(entry.id, offset: entry.offset)
      }
      sections.append(entry)
      position = entry.offset + entry.fileBytes
    }
    if prologue.requiredFeatures.contains(.encrypted), sections.count < 2 {
      throw FormatError.sealMisplaced(sections[0].id, offset: sections[0].offset)
    }
    self.sections = sections
    self.places = places
    try checkHeader(prologue)
  }

  static func checkKind(_ entry: SectionEntry, isLast: Bool, knownKinds: Set<SectionKind>) throws {
    guard isLast == (entry.kind == .header) else {
      throw FormatError.headerMisplaced(entry.id, offset: entry.offset)
    }
    guard
      entry.kind == .header || entry.kind == .seal || knownKinds.contains(entry.kind)
        || !entry.flags.contains(.required)
    else {
      throw FormatError.unknownRequiredSection(entry.id, offset: entry.offset)
    }
  }

  private static func checkSeal(_ entry: SectionEntry, isItsPlace: Bool) throws {
    guard isItsPlace == (entry.kind == .seal) else {
      throw FormatError.sealMisplaced(entry.id, offset: entry.offset)
    }
  }

  static func adding(_ entry: SectionEntry, to total: Int, limit: Int) throws -> Int {
    let (sum, overflow) = total.addingReportingOverflow(entry.rawBytes)
    guard !overflow, sum <= limit else {
      // Neither number passes 2^63, so the sum fits.
      throw FormatError.totalRawBytesTooLarge(
        entry.id, offset: entry.offset, declared: UInt64(total) + UInt64(entry.rawBytes), limit: limit)
    }
    return sum
  }

  /// The last row says of the header what the format says of every header.
  private func checkHeader(_ prologue: Prologue) throws {
    let header = sections[sections.count - 1]
    let row = Int(prologue.directoryOffset) + (sections.count - 1) * Layout.rowBytes
    let description = SectionDescription(header)
    let expected: [(String, UInt64, UInt64)] = [
      ("offset", UInt64(header.offset), prologue.headerOffset),
      ("layer", UInt64(description.layer), UInt64(Layout.noLayer)),
      ("index", UInt64(description.index), 0),
      ("token_count", UInt64(description.tokenCount), 0),
      ("stored_bytes", description.storedBytes, UInt64(prologue.headerBytes)),
      ("raw_bytes", description.rawBytes, UInt64(prologue.headerBytes)),
    ]
    for (name, found, wanted) in expected where found != wanted {
      throw FormatError.directoryField(header.id, name, offset: row, found: found, expected: wanted)
    }
  }
}

/// One row as it was found.
struct DirectoryRow {
  let description: SectionDescription
  let reserved: UInt32
  let offset: UInt64
  /// Where the row starts in the file, for errors.
  let place: Int

  /// The row's section, which must start at `expected` and end at `end` or before.
  func entry(at expected: Int, end: Int, limits: ReadingLimits, isEncrypted: Bool) throws -> SectionEntry {
    let id = description.id
    guard reserved == 0 else {
      throw FormatError.directoryField(id, "reserved", offset: place, found: UInt64(reserved), expected: 0)
    }
    guard offset == UInt64(expected) else {
      throw FormatError.sectionMisplaced(id, declared: offset, expected: UInt64(expected))
    }
    let room = end - expected - Layout.prefixBytes
    guard room >= 0, description.storedBytes <= UInt64(room) else {
      throw FormatError.sectionBeyondEnd(
        id, offset: offset, storedBytes: description.storedBytes, end: UInt64(end))
    }
    let flags = SectionFlags(rawValue: description.flags)
    // Every section of an encrypted file is encrypted but its seal, and none of another file.
    let ownFlags: SectionFlags = isEncrypted && id.kind != .seal ? .encrypted : []
    let reservedFlags = flags.symmetricDifference(ownFlags).intersection(.reserved)
    guard reservedFlags.isEmpty else {
      throw FormatError.reservedFlags(id, offset: expected, found: reservedFlags)
    }
    guard description.tokenCount > 0 || description.firstToken == 0 else {
      throw FormatError.directoryField(
        id, "first_token", offset: place, found: UInt64(description.firstToken), expected: 0)
    }
    let (lastToken, overflow) = description.firstToken.addingReportingOverflow(description.tokenCount)
    guard !overflow else {
      throw FormatError.tokenRange(
        id, offset: expected, first: description.firstToken, count: description.tokenCount)
    }
    let storedBytes = Int(description.storedBytes)
    let rawLimit = limits.rawBytes(storedBytes: storedBytes)
    guard description.rawBytes <= UInt64(max(0, rawLimit)) else {
      throw FormatError.rawBytesTooLarge(id, offset: expected, declared: description.rawBytes, limit: rawLimit)
    }
    return SectionEntry(
      id: id, flags: flags, tokens: Int(description.firstToken)..<Int(lastToken), offset: expected,
      storedBytes: storedBytes, rawBytes: Int(description.rawBytes), hash: description.hash)
  }
}

extension SectionEntry {
  /// Checks that the payload decoded to as many bytes as the section declares.
  ///
  /// - Throws: `FormatError.rawBytes` with both numbers.
  public func checkRawBytes(_ found: Int) throws {
    guard found == rawBytes else {
      throw FormatError.rawBytes(id, offset: offset, declared: rawBytes, found: found)
    }
  }
}
