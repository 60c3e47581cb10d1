import FKVFormat
import TestSupport
import Testing

/// §4: directories that contradict themselves or the file, with a right metadata hash.
@Suite struct DirectoryTests {
  private let folder = ScratchFolder()
  private let first = SectionID(sampleKind, layer: 3, index: 2)

  private func error(_ value: some FixedWidthInteger, row: Int, at offset: Int) throws -> FormatError? {
    try readingError(sampleFile.with(value, at: sampleFile.row(row) + offset), in: folder)
  }

  @Test func unknownRequiredSection() throws {
    #expect(
      try readingError(sampleFile, in: folder, knownKinds: []) == .unknownRequiredSection(first, offset: 64))
    #expect(
      try error(UInt16(0x1234), row: 0, at: 0)
        == .unknownRequiredSection(SectionID(SectionKind(rawValue: 0x1234), layer: 3, index: 2), offset: 64))
  }

  @Test func unknownOptionalSectionIsSkipped() throws {
    let reader = try readAll(sampleFile, in: folder)
    #expect(reader.sections[1].id == SectionID(SectionKind(rawValue: 0x7F02)))
    #expect(reader.sections[1].flags == SectionFlags(rawValue: 0x0100))
  }

  @Test func everyFlag() throws {
    for bit in 0..<16 {
      let flag: UInt16 = 1 << UInt16(bit)
      let file = PlainFile([PlainSection(flags: flag)])
      let expected: FormatError? =
        (1...7).contains(bit)
        ? .reservedFlags(sampleID, offset: 64, found: SectionFlags(rawValue: flag)) : nil
      #expect(try readingError(file, in: folder) == expected)
    }
  }

  @Test func gapAndOverlap() throws {
    for wrong: UInt64 in [0, 63, 65, .max] {
      #expect(try error(wrong, row: 0, at: 48) == .sectionMisplaced(first, declared: wrong, expected: 64))
    }
    let second = SectionID(SectionKind(rawValue: 0x7F02))
    for wrong: UInt64 in [64, 116, 118] {
      #expect(try error(wrong, row: 1, at: 48) == .sectionMisplaced(second, declared: wrong, expected: 117))
    }
  }

  @Test func sectionLongerThanTheFile() throws {
    // Sections end where the header starts, at 165; the first has 165 − 112 bytes of room.
    for wrong: UInt64 in [54, 1000, 1 << 32, 1 << 62, 1 << 63, .max - 112, .max] {
      #expect(
        try error(wrong, row: 0, at: 20) == .sectionBeyondEnd(first, offset: 64, storedBytes: wrong, end: 165))
    }
    #expect(
      try error(UInt64(6), row: 0, at: 20)
        == .sectionMisplaced(SectionID(SectionKind(rawValue: 0x7F02)), declared: 117, expected: 118))
  }

  @Test func noRoomForAPrefix() throws {
    // The first section takes all room up to the header, so the second starts there.
    let file = sampleFile.with(UInt64(53), at: sampleFile.row(0) + 20).with(UInt64(165), at: sampleFile.row(1) + 48)
    #expect(
      try readingError(file, in: folder)
        == .sectionBeyondEnd(SectionID(SectionKind(rawValue: 0x7F02)), offset: 165, storedBytes: 0, end: 165))
  }

  /// Bytes between the last section and the header belong to nobody, though every row follows the one before.
  @Test func gapBeforeTheHeader() throws {
    let file = PlainFile([PlainSection(payload: [1, 2, 3])])
    var gap = file
    gap.bytes.insert(0, at: file.offsets[1])
    let shifted = UInt64(file.offsets[1] + 1)
    gap.put(UInt64(gap.bytes.count), at: 24)
    gap.put(shifted, at: 32)
    gap.put(shifted + 48, at: 48)
    let moved = PlainFile(moving: gap.bytes, directoryOffset: Int(shifted) + 48)
    #expect(
      try readingError(moved, in: folder)
        == .directoryField(
          headerID, "offset", offset: Int(shifted) + 48 + 56, found: UInt64(file.offsets[1]), expected: shifted))
  }

  @Test func duplicates() throws {
    let section = PlainSection(layer: 1, index: 2, payload: [1])
    let file = PlainFile([section, section])
    #expect(
      try readingError(file, in: folder)
        == .duplicateSection(SectionID(sampleKind, layer: 1, index: 2), offset: 64 + 49))
  }

  @Test func sameKindLayerAndIndexOneDiffers() throws {
    let file = PlainFile([
      PlainSection(layer: 1, index: 2), PlainSection(layer: 2, index: 2), PlainSection(layer: 1, index: 3),
      PlainSection(index: 2),
    ])
    let reader = try readAll(file, in: folder)
    #expect(reader.sections(sampleKind, layer: 1).map(\.index) == [2, 3])
    #expect(reader.sections(sampleKind).map(\.offset) == [64 + 3 * 48])
    #expect(reader.section(sampleKind, layer: 2, index: 2)?.offset == 64 + 48)
    #expect(reader.section(sampleKind, layer: 2, index: 3) == nil)
  }

  @Test func tokens() throws {
    let largest = PlainFile([PlainSection(firstToken: 0xFFFF_FFFE, tokenCount: 1)])
    #expect(try readAll(largest, in: folder).sections[0].tokens == 0xFFFF_FFFE..<0xFFFF_FFFF)
    let over = PlainFile([PlainSection(firstToken: 0xFFFF_FFFE, tokenCount: 2)])
    #expect(
      try readingError(over, in: folder)
        == .tokenRange(sampleID, offset: 64, first: 0xFFFF_FFFE, count: 2))
    let none = PlainFile([PlainSection(firstToken: 3)])
    #expect(
      try readingError(none, in: folder)
        == .directoryField(sampleID, "first_token", offset: none.row(0), found: 3, expected: 0))
  }

  @Test func reserved() throws {
    #expect(
      try error(UInt32(9), row: 1, at: 44)
        == .directoryField(
          SectionID(SectionKind(rawValue: 0x7F02)), "reserved", offset: sampleFile.row(1) + 0, found: 9, expected: 0))
  }

  @Test func headerIsLastAndOnlyThere() throws {
    #expect(
      try readingError(PlainFile([PlainSection(kind: 1)]), in: folder) == .headerMisplaced(headerID, offset: 64))
    #expect(try error(UInt16(0x7F01), row: 2, at: 0) == .headerMisplaced(sampleID, offset: 165))
  }

  @Test func headerRow() throws {
    let row = sampleFile.row(2)
    let header = UInt64(sampleFile.headerBytes)
    let layered = SectionID(.header, layer: 0)
    #expect(
      try error(UInt32(0), row: 2, at: 4)
        == .directoryField(layered, "layer", offset: row, found: 0, expected: 0xFFFF_FFFF))
    #expect(
      try error(UInt32(1), row: 2, at: 8)
        == .directoryField(SectionID(.header, index: 1), "index", offset: row, found: 1, expected: 0))
    #expect(
      try error(UInt32(1), row: 2, at: 16)
        == .directoryField(headerID, "token_count", offset: row, found: 1, expected: 0))
    #expect(
      try error(header - 1, row: 2, at: 20)
        == .directoryField(headerID, "stored_bytes", offset: row, found: header - 1, expected: header))
    #expect(
      try error(header + 1, row: 2, at: 28)
        == .directoryField(headerID, "raw_bytes", offset: row, found: header + 1, expected: header))
  }
}

extension PlainFile {
  /// Bytes that were moved about, with the hash made right for where header and directory lie now.
  init(moving bytes: [UInt8], directoryOffset: Int) {
    self.bytes = bytes
    self.directoryOffset = directoryOffset
    headerBytes = 0
    offsets = []
    seal()
  }
}
