import FKVFormat
import Foundation
import TestSupport
import Testing

@Suite struct CopySectionTests {
  private let folder = ScratchFolder()

  /// Sections of 0, 1, one piece less 1, one piece, one piece and 1, and three pieces: copied without a difference.
  @Test func bytesStayAsTheyAre() throws {
    let piece = 1 << 20
    var generator = RepeatableGenerator(seed: 2)
    let sections = [0, 1, piece - 1, piece, piece + 1, 3 * piece].enumerated().map { number, length in
      let word = UInt8.random(in: 0...255, using: &generator)
      return PlainSection(
        flags: 0xAB00 + UInt16(number % 2), layer: 4, index: UInt32(number), firstToken: 9, tokenCount: 2,
        rawBytes: 77, payload: (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) ^ word })
    }
    let source = folder.file("source.fkv")
    let file = PlainFile(sections)
    try file.write(to: source)
    let reader = try FKVReader(path: source, knownKinds: [sampleKind])
    let target = folder.file("target.fkv")
    let writer = try FKVWriter(path: target)
    for entry in reader.sections where entry.kind != .header {
      #expect(try writer.copySection(from: reader, entry) == entry)
    }
    try writer.commit(header: RecordWriter())
    #expect(FileManager.default.contents(atPath: target) == Data(file.bytes))
  }

  @Test func copiesMoveToNewPlaces() throws {
    try sampleFile.write(to: folder.file("source.fkv"))
    let reader = try FKVReader(path: folder.file("source.fkv"), knownKinds: [sampleKind])
    let writer = try FKVWriter(path: folder.file("target.fkv"))
    try writer.add(sampleKind, payload: [UInt8]([9, 9, 9]))
    let copy = try writer.copySection(from: reader, reader.sections[0])
    #expect(copy.offset == 64 + 51)
    try writer.commit(header: RecordWriter())
    let target = try FKVReader(path: folder.file("target.fkv"), knownKinds: [sampleKind])
    #expect(target.sections[1] == copy)
    #expect(try target.payload(of: copy) == [1, 2, 3, 4, 5])
  }

  /// A damaged section must not be passed on under a right hash, nor a part of it.
  @Test func damageIsNotCopied() throws {
    var file = sampleFile
    file.bytes[64 + 48] ^= 1
    try file.write(to: folder.file("source.fkv"))
    let reader = try FKVReader(path: folder.file("source.fkv"), knownKinds: [sampleKind])
    let entry = reader.sections[0]
    let writer = try FKVWriter(path: folder.file("target.fkv"))
    let computed = plainHash(file.bytes[68..<104] + file.bytes[112..<117])
    #expect(
      throws: FormatError.sectionHash(entry.id, offset: 64, declared: entry.hash, computed: computed)
    ) {
      try writer.copySection(from: reader, entry)
    }
    #expect(folder.names == ["source.fkv"])
  }
}
