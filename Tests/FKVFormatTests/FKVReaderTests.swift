import FKVFormat
import FileIO
import Foundation
import TestSupport
import Testing

@Suite struct FKVReaderTests {
  private let folder = ScratchFolder()
  private let first = SectionID(sampleKind, layer: 3, index: 2)

  @Test func missingFile() {
    let path = folder.file("missing")
    #expect(throws: FileError.system(operation: "open", path: path, code: ENOENT)) { try FKVReader(path: path) }
  }

  @Test func folderInsteadOfAFile() {
    #expect(throws: FileError.notRegular(path: folder.path)) { try FKVReader(path: folder.path) }
  }

  @Test func emptyFileOfTheFormat() throws {
    let reader = try readAll(PlainFile([]), in: folder)
    #expect(reader.sections.map(\.id) == [headerID])
    #expect(reader.header.tags == [])
    #expect(reader.fileBytes == 64 + 48 + 56)
    #expect(reader.overheadBytes == 64 + 48 + 56)
  }

  @Test func syncWord() throws {
    var file = sampleFile
    file.bytes[65] = 0
    #expect(
      try readingError(file, in: folder) == .syncWord(first, offset: 64, found: [0xF6, 0, 0x45, 0x43]))
  }

  /// Every field of the prefix, one more than in the directory row.
  @Test(arguments: [
    ("kind", 0, 2, 0x7F01), ("flags", 2, 2, 1), ("layer", 4, 4, 3), ("index", 8, 4, 2), ("first_token", 12, 4, 4),
    ("token_count", 16, 4, 6), ("stored_bytes", 20, 8, 5), ("raw_bytes", 28, 8, 9),
  ])
  func prefixDiffers(name: String, offset: Int, width: Int, value: Int) throws {
    var file = sampleFile
    for (index, byte) in little(UInt64(value) + 1).prefix(width).enumerated() { file.bytes[68 + offset + index] = byte }
    #expect(
      try readingError(file, in: folder)
        == .prefixDiffers(first, name, offset: 64, directory: UInt64(value), prefix: UInt64(value) + 1))
  }

  @Test func prefixHashDiffers() throws {
    let reader = try readAll(sampleFile, in: folder)
    let right = reader.sections[0].hash
    #expect(
      try readingError(sampleFile.with(right ^ 1, at: 68 + 36), in: folder)
        == .prefixDiffers(first, "hash", offset: 64, directory: right, prefix: right ^ 1))
  }

  /// The header's prefix and hash are checked on opening, though the metadata hash covers the payload already.
  @Test func headerSection() throws {
    var file = sampleFile
    file.bytes[165] = 0
    #expect(
      try readingError(file, in: folder) == .syncWord(headerID, offset: 165, found: [0, 0x53, 0x45, 0x43]))
    let hash = plainHash(sampleFile.bytes[169..<205] + sampleFile.bytes[213..<sampleFile.directoryOffset])
    let wrong = sampleFile.with(UInt64(5), at: 169 + 36).with(UInt64(5), at: sampleFile.row(2) + 36)
    try wrong.write(to: folder.file("a.fkv"))
    #expect(throws: FormatError.sectionHash(headerID, offset: 165, declared: 5, computed: hash)) {
      try FKVReader(path: folder.file("a.fkv"), knownKinds: [sampleKind])
    }
  }

  /// A section without payload has a hash like any other: that of its description.
  @Test func hashOfAnEmptySection() throws {
    let file = PlainFile([PlainSection()])
    let computed = plainHash(file.bytes[68..<104])
    let wrong = file.with(UInt64(5), at: 68 + 36).with(UInt64(5), at: file.row(0) + 36)
    let expected = FormatError.sectionHash(sampleID, offset: 64, declared: 5, computed: computed)
    #expect(try readingError(wrong, in: folder) == expected)
    #expect(try FKVReader(path: folder.file("a.fkv"), knownKinds: [sampleKind]).verifyAll().map(\.error) == [expected])
  }

  @Test func headerRecordIsParsed() throws {
    let file = PlainFile([], header: [1, 0, 0, 0, 9, 0, 0, 0])
    #expect(
      try readingError(file, in: folder)
        == .fieldTruncated(record: "header", offset: 112, needed: 17, remaining: 8))
  }

  @Test func payloadsThatChangedPlaces() throws {
    let file = PlainFile([
      PlainSection(layer: 0, payload: [1, 1]), PlainSection(layer: 1, payload: [2, 2]),
    ])
    var swapped = file
    swapped.bytes.replaceSubrange(112..<114, with: [2, 2])
    swapped.bytes.replaceSubrange(162..<164, with: [1, 1])
    let path = folder.file("a.fkv")
    try swapped.write(to: path)
    let findings = try FKVReader(path: path, knownKinds: [sampleKind]).verifyAll()
    #expect(findings.map(\.section.layer) == [0, 1])
    let computed = plainHash(swapped.bytes[68..<104] + swapped.bytes[112..<114])
    #expect(findings[0].computedHash == computed)
    #expect(
      findings[0].error
        == .sectionHash(
          SectionID(sampleKind, layer: 0), offset: 64, declared: findings[0].declaredHash, computed: computed))
  }

  @Test func findingsInThePrefixHaveNoComputedHash() throws {
    var file = sampleFile
    file.bytes[64] = 0
    try file.write(to: folder.file("a.fkv"))
    let findings = try FKVReader(path: folder.file("a.fkv"), knownKinds: [sampleKind]).verifyAll()
    #expect(findings.map(\.computedHash) == [nil])
    #expect(findings.map(\.description) == [findings[0].error.description])
  }

  @Test func rawBytesAreCheckedAfterDecoding() throws {
    let entry = try readAll(sampleFile, in: folder).sections[0]
    try entry.checkRawBytes(9)
    #expect(throws: FormatError.rawBytes(first, offset: 64, declared: 9, found: 8)) { try entry.checkRawBytes(8) }
  }

  @Test func piecesJoinToThePayload() throws {
    let payload = (0..<(2 << 20) + 3).map { UInt8(truncatingIfNeeded: $0 &* 13 >> 2) }
    let reader = try readAll(PlainFile([PlainSection(payload: payload)]), in: folder)
    var joined: [UInt8] = []
    var sizes: [Int] = []
    try reader.readPieces(of: reader.sections[0]) {
      joined += $0
      sizes.append($0.count)
    }
    #expect(joined == payload)
    #expect(sizes == [1 << 20, 1 << 20, 3])
  }

  @Test func manyThreads() async throws {
    let sections = (0..<40).map { PlainSection(layer: $0, payload: [UInt8](repeating: UInt8($0), count: 500)) }
    let reader = try readAll(PlainFile(sections), in: folder)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for entry in reader.sections.dropLast() {
        group.addTask { try reader.payload(of: entry) == [UInt8](repeating: UInt8(entry.layer!), count: 500) }
      }
      for try await same in group { #expect(same) }
    }
  }
}
