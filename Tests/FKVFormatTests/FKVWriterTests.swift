import FKVFormat
import FileIO
import Foundation
import TestSupport
import Testing

@Suite struct FKVWriterTests {
  private let folder = ScratchFolder()

  /// Every number of sections 0…3 × payload length 0…5 × header fields 0…2: the bytes are those of the plain writer,
  /// and the reader gives back what went in.
  @Test func smallShapes() throws {
    var generator = RepeatableGenerator(seed: 1)
    for count in 0...3 {
      for length in 0...5 {
        for fields in 0...2 {
          let sections = (0..<count).map { number in
            PlainSection(
              flags: number == 1 ? 0 : 1, layer: number == 2 ? 0xFFFF_FFFF : UInt32(number), index: UInt32(number),
              firstToken: length == 0 ? 0 : UInt32(number), tokenCount: UInt32(length),
              rawBytes: number == 0 ? nil : UInt64(3 * length),
              payload: (0..<length + number).map { _ in UInt8.random(in: 0...255, using: &generator) })
          }
          try check(sections, fields: fields)
        }
      }
    }
    #expect(folder.names == ["a.fkv"])
  }

  private func check(_ sections: [PlainSection], fields: Int) throws {
    let path = folder.file("a.fkv")
    let writer = try FKVWriter(path: path)
    for section in sections {
      let first = Int(section.firstToken)
      try writer.add(
        sampleKind, layer: section.layer == 0xFFFF_FFFF ? nil : Int(section.layer), index: Int(section.index),
        tokens: first..<first + Int(section.tokenCount), flags: SectionFlags(rawValue: section.flags),
        rawBytes: section.rawBytes.map(Int.init), payload: section.payload)
    }
    var header = RecordWriter()
    for field in 0..<fields { header.u32(FieldTag(rawValue: UInt16(7 + field)), 0xDEAD_BEEF) }
    let total = try writer.commit(header: header, optionalFeatures: OptionalFeatures(rawValue: 2))

    let plainHeader = (0..<fields).flatMap { plainField(UInt16(7 + $0), little(UInt32(0xDEAD_BEEF))) }
    let expected = PlainFile(sections, header: plainHeader, optionalFeatures: 2)
    #expect(FileManager.default.contents(atPath: path) == Data(expected.bytes))

    let reader = try FKVReader(path: path, knownKinds: [sampleKind])
    #expect(reader.fileBytes == total)
    #expect(reader.optionalFeatures.rawValue == 2)
    #expect(reader.requiredFeatures == [])
    #expect(reader.header.tags == (0..<fields).map { FieldTag(rawValue: UInt16(7 + $0)) })
    #expect(try reader.verifyAll() == [])
    #expect(reader.sections.count == sections.count + 1)
    for (section, entry) in zip(sections, reader.sections) {
      #expect(reader.section(sampleKind, layer: entry.layer, index: entry.index) == entry)
      #expect(entry.flags.rawValue == section.flags)
      #expect(entry.tokens == Int(section.firstToken)..<Int(section.firstToken + section.tokenCount))
      #expect(entry.rawBytes == Int(section.rawBytes ?? UInt64(section.payload.count)))
      #expect(try reader.payload(of: entry) == section.payload)
    }
    #expect(reader.sections.reduce(reader.overheadBytes) { $0 + $1.storedBytes } == total)
  }

  @Test func addReturnsTheRow() throws {
    let writer = try FKVWriter(path: folder.file("a.fkv"))
    let entry = try writer.add(sampleKind, layer: 1, tokens: 5..<5, payload: [UInt8]([1, 2]))
    #expect(entry.id == SectionID(sampleKind, layer: 1))
    #expect(entry.tokens == 0..<0)
    #expect(entry.offset == 64)
    #expect(entry.payloadOffset == 112)
    #expect(entry.fileBytes == 50)
    #expect(writer.byteCount == 114)
    #expect(writer.sections == [entry])
  }

  @Test func nothingAppearsBeforeCommitOrAfterDiscard() throws {
    let path = folder.file("a.fkv")
    do {
      let writer = try FKVWriter(path: path)
      try writer.add(sampleKind, payload: [UInt8]([1]))
      #expect(!FileManager.default.fileExists(atPath: path))
    }
    #expect(folder.names == [])
    let writer = try FKVWriter(path: path)
    writer.discard()
    #expect(folder.names == [])
  }

  @Test func headerOverTheLimit() throws {
    let writer = try FKVWriter(path: folder.file("a.fkv"))
    var header = RecordWriter()
    header.bytes(1, [UInt8](repeating: 0, count: FormatLimits.headerBytes - 7))
    #expect(throws: FormatError.headerTooLarge(bytes: FormatLimits.headerBytes + 1, limit: FormatLimits.headerBytes)) {
      try writer.commit(header: header)
    }
    #expect(folder.names == [])
  }

  @Test func headerAtTheLimit() throws {
    let writer = try FKVWriter(path: folder.file("a.fkv"))
    var header = RecordWriter()
    header.bytes(1, [UInt8](repeating: 6, count: FormatLimits.headerBytes - 8))
    try writer.commit(header: header)
    let reader = try FKVReader(path: folder.file("a.fkv"))
    #expect(try reader.header.bytes(1).count == FormatLimits.headerBytes - 8)
  }

  @Test func diskFull() async {
    await #expect(processExitsWith: .success) { [path = folder.file("a.fkv") as String] in
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 5000, rlim_max: 5000)
      #if canImport(Glibc)
        precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      #else
        precondition(setrlimit(RLIMIT_FSIZE, &limit) == 0)
      #endif
      let writer = try FKVWriter(path: path)
      try writer.add(sampleKind, payload: [UInt8](repeating: 1, count: 4000))
      do {
        try writer.add(sampleKind, index: 1, payload: [UInt8](repeating: 1, count: 4000))
        fatalError("wrote past the limit")
      } catch let error as FileError {
        precondition(error == .system(operation: "write", path: path, code: EFBIG))
      }
    }
    #expect(folder.names == [])
  }

  // The misused call may neither return nor throw: either would end the child in peace.

  @Test func addingTwiceTraps() async {
    await #expect(processExitsWith: .failure) { [path = folder.file("a.fkv") as String] in
      guard let writer = try? FKVWriter(path: path) else { return }
      _ = try? writer.add(sampleKind, payload: [UInt8]())
      _ = try? writer.add(sampleKind, payload: [UInt8]())
    }
  }

  @Test func addingTheHeaderTraps() async {
    await #expect(processExitsWith: .failure) { [path = folder.file("a.fkv") as String] in
      guard let writer = try? FKVWriter(path: path) else { return }
      _ = try? writer.add(.header, payload: [UInt8]())
    }
  }

  @Test func reservedFlagsTrap() async {
    await #expect(processExitsWith: .failure) { [path = folder.file("a.fkv") as String] in
      guard let writer = try? FKVWriter(path: path) else { return }
      _ = try? writer.add(sampleKind, flags: SectionFlags(rawValue: 2), payload: [UInt8]())
    }
  }
}
