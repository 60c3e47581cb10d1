import FKVFormat
import TestSupport
import Testing

/// §2.4
@Suite struct ReadingLimitsTests {
  private let folder = ScratchFolder()
  private let first = SectionID(sampleKind, layer: 3, index: 2)

  @Test func sections() throws {
    #expect(try readingError(sampleFile, in: folder, limits: ReadingLimits(sections: 3)) == nil)
    #expect(
      try readingError(sampleFile, in: folder, limits: ReadingLimits(sections: 2))
        == .tooManySections(count: 3, limit: 2))
  }

  @Test func header() throws {
    let bytes = sampleFile.headerBytes
    #expect(try readingError(sampleFile, in: folder, limits: ReadingLimits(headerBytes: bytes)) == nil)
    #expect(
      try readingError(sampleFile, in: folder, limits: ReadingLimits(headerBytes: bytes - 1))
        == .headerTooLarge(bytes: bytes, limit: bytes - 1))
  }

  @Test func rawBytesOfASection() throws {
    // 5 stored bytes: 10 + 5 · 3 = 25 decoded ones, unless the cap is lower.
    for (cap, allowed) in [(100, 25), (24, 24)] {
      let limits = ReadingLimits(sectionRawBytes: cap, rawBytesFloor: 10, expansion: 3)
      for raw in [allowed, allowed + 1] {
        let file = PlainFile([PlainSection(rawBytes: UInt64(raw), payload: [1, 2, 3, 4, 5])])
        #expect(
          try readingError(file, in: folder, limits: limits)
            == (raw == allowed
              ? nil : .rawBytesTooLarge(sampleID, offset: 64, declared: UInt64(raw), limit: allowed)))
      }
    }
  }

  @Test func defaultsRefuseASmallFileThatAsksForAllMemory() throws {
    let limit = (64 << 20) + 4096 * 5
    for raw: UInt64 in [UInt64(limit) + 1, 1 << 40, 1 << 63, .max] {
      let file = PlainFile([PlainSection(rawBytes: raw, payload: [1, 2, 3, 4, 5])])
      #expect(
        try readingError(file, in: folder)
          == .rawBytesTooLarge(sampleID, offset: 64, declared: raw, limit: limit))
    }
  }

  @Test func rawBytesOfAllSections() throws {
    let sections = (0..<3).map { PlainSection(layer: $0, rawBytes: 10) }
    let file = PlainFile(sections)
    #expect(try readingError(file, in: folder, limits: ReadingLimits(totalRawBytes: 30)) == nil)
    #expect(
      try readingError(file, in: folder, limits: ReadingLimits(totalRawBytes: 29))
        == .totalRawBytesTooLarge(SectionID(sampleKind, layer: 2), offset: file.offsets[2], declared: 30, limit: 29))
  }

  @Test func largerLimitsDoNotLiftTheFormats() throws {
    let limits = ReadingLimits(sections: .max, headerBytes: .max)
    #expect(
      try readingError(sampleFile.with(UInt32(56 << 20) + 56, at: 44), in: folder, limits: limits)
        == .tooManySections(count: FormatLimits.sections + 1, limit: FormatLimits.sections))
    #expect(
      try readingError(sampleFile.with(UInt32(FormatLimits.headerBytes) + 1, at: 40), in: folder, limits: limits)
        == .headerTooLarge(bytes: FormatLimits.headerBytes + 1, limit: FormatLimits.headerBytes))
  }

  @Test func largestLimitsDoNotOverflow() throws {
    let limits = ReadingLimits(
      sections: .max, headerBytes: .max, sectionRawBytes: .max, rawBytesFloor: .max, expansion: .max,
      totalRawBytes: .max)
    let sections = (0..<2).map { PlainSection(layer: $0, rawBytes: UInt64(Int.max), payload: [1, 2]) }
    let file = PlainFile(sections)
    #expect(
      try readingError(file, in: folder, limits: limits)
        == .totalRawBytesTooLarge(
          SectionID(sampleKind, layer: 1), offset: file.offsets[1], declared: 2 * UInt64(Int.max), limit: .max))
  }
}
