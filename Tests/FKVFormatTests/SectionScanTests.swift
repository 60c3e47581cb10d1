import FKVFormat
import Foundation
import TestSupport
import Testing

/// §4.6: files whose prologue or directory are of no use.
@Suite struct SectionScanTests {
  private let folder = ScratchFolder()

  private func open(_ bytes: [UInt8], limits: ReadingLimits = ReadingLimits()) throws -> FKVReader {
    try Data(bytes).write(to: URL(fileURLWithPath: folder.file("a.fkv")))
    return try FKVReader(path: folder.file("a.fkv"), limits: limits, knownKinds: [sampleKind], salvaging: true)
  }

  /// Every section of the sample file is found, wherever it is.
  private func expectAll(_ bytes: [UInt8], shift: Int = 0, _ location: SourceLocation = #_sourceLocation) throws {
    let reader = try open(bytes)
    #expect(
      reader.sections.map(\.id) == [
        SectionID(sampleKind, layer: 3, index: 2), SectionID(SectionKind(rawValue: 0x7F02)), headerID,
      ], sourceLocation: location)
    #expect(reader.sections.map(\.offset) == sampleFile.offsets.map { $0 + shift }, sourceLocation: location)
    #expect(reader.metadataError != nil && reader.fileHash == 0, sourceLocation: location)
    #expect(try reader.payload(of: reader.sections[0]) == [1, 2, 3, 4, 5], sourceLocation: location)
    #expect(try reader.header.u32(5) == 7 && reader.header.string(9) == "eins", sourceLocation: location)
    #expect(try reader.verifyAll() == [], sourceLocation: location)
  }

  @Test func aWholeFileNeedsNoSearch() throws {
    let reader = try open(sampleFile.bytes)
    #expect(reader.metadataError == nil && reader.sections.count == 3 && reader.fileHash != 0)
  }

  @Test func damageInPrologueOrDirectory() throws {
    for place in Array(0..<8) + Array(20..<64) + Array(sampleFile.directoryOffset..<sampleFile.bytes.count) {
      var bytes = sampleFile.bytes
      bytes[place] ^= 0x41
      try expectAll(bytes)
    }
    // Version and required features are taken at their word.
    for place in 8..<16 {
      var bytes = sampleFile.bytes
      bytes[place] ^= 0x41
      #expect(throws: FormatError.self) { try open(bytes) }
    }
  }

  @Test func cutsAndInsertions() throws {
    for end in sampleFile.directoryOffset..<sampleFile.bytes.count { try expectAll(Array(sampleFile.bytes[..<end])) }
    try expectAll(Array(sampleFile.bytes[5...]), shift: -5)
    try expectAll(Array(sampleFile.bytes[64...]), shift: -64)
    try expectAll(Array(repeating: 7, count: 1000) + sampleFile.bytes, shift: 1000)
    // A sync word, and the beginning of one, in front of a section.
    var bytes = sampleFile.bytes
    bytes.insert(contentsOf: [0xF6, 0x53, 0x45, 0x43, 0xF6, 0x53], at: 64)
    try expectAll(bytes, shift: 6)
    // The section before the header lost its last byte.
    bytes = sampleFile.bytes
    bytes.remove(at: sampleFile.offsets[1] - 1)
    #expect(try open(bytes).sections.map(\.offset) == sampleFile.offsets[1...].map { $0 - 1 })
  }

  /// The prefix of the header's section says nothing that the directory does not say.
  @Test func damageInTheHeadersPrefix() throws {
    for place in sampleFile.offsets[2]..<sampleFile.offsets[2] + 48 {
      var bytes = sampleFile.bytes
      bytes[place] ^= 1
      let reader = try open(bytes)
      #expect(try reader.metadataError == nil && reader.verifyAll().map(\.section.id) == [headerID])
    }
  }

  /// Without a header nothing can be understood; the error is that of the directory.
  @Test func withoutAHeader() throws {
    for end in stride(from: 0, to: sampleFile.directoryOffset, by: 3) {
      #expect(throws: FormatError.self) { try open(Array(sampleFile.bytes[..<end])) }
    }
    var bytes = sampleFile.bytes
    bytes[sampleFile.directoryOffset - 1] ^= 1
    let declared = plainHash(sampleFile.bytes[..<56] + sampleFile.bytes[(sampleFile.offsets[2] + 48)...])
    let computed = plainHash(bytes[..<56] + bytes[(sampleFile.offsets[2] + 48)...])
    #expect(throws: FormatError.metadataHash(offset: 56, declared: declared, computed: computed)) { try open(bytes) }
  }

  /// A file of sync words that each claim all that follows would cost its size for each of them.
  @Test(.timeLimit(.minutes(1))) func sectionsThatAreNone() throws {
    let section = PlainSection(layer: 1, payload: [UInt8](repeating: 0, count: 400_000))
    var bytes: [UInt8] = []
    for left in stride(from: 400_000, to: 0, by: -48) {
      var description = section.description
      description.replaceSubrange(20..<28, with: little(UInt64(max(0, left - 48))))
      bytes += [0xF6, 0x53, 0x45, 0x43] + description
    }
    #expect(throws: FormatError.self) { try open(bytes) }
  }

  @Test func limitsHoldForWhatIsFound() throws {
    let broken = Array(sampleFile.bytes.dropLast())
    #expect(throws: FormatError.tooManySections(count: 3, limit: 2)) {
      try open(broken, limits: ReadingLimits(sections: 2))
    }
    #expect(
      throws: FormatError.totalRawBytesTooLarge(
        SectionID(sampleKind, layer: 3, index: 2), offset: 64, declared: 9, limit: 8)
    ) { try open(broken, limits: ReadingLimits(totalRawBytes: 8)) }
    let unknown = PlainFile([PlainSection(kind: 0x7F03)])
    #expect(throws: FormatError.unknownRequiredSection(SectionID(SectionKind(rawValue: 0x7F03)), offset: 64)) {
      try open(Array(unknown.bytes.dropLast()))
    }
  }
}
