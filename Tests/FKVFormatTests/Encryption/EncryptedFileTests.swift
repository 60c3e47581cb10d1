import Crypto
import Foundation
import TestSupport
import Testing

@testable import FKVFormat

/// Files that are encrypted: what a reader with the key finds, and what it makes of everything that was changed.
@Suite struct EncryptedFileTests {
  private let folder = ScratchFolder()
  private static let key = FileKey(bytes: (0..<32).map { UInt8($0) })!
  private static let other = FileKey(bytes: (1..<33).map { UInt8($0) })!
  private static let payloads: [[UInt8]] = [[], [1, 2, 3], [UInt8](repeating: 7, count: 100)]

  private var path: String { folder.file("a.fkv") }

  /// A file of three sections and a header of one field.
  private func write(
    _ key: FileKey? = key, salt: UInt8? = 9, name: String = "a.fkv", payloads: [[UInt8]] = payloads
  ) throws {
    let path = folder.file(name)
    let writer =
      try salt.map {
        try FKVWriter(path: path, key: key, salt: [UInt8](repeating: $0, count: 32))
      } ?? FKVWriter(path: path, key: key)
    for (number, payload) in payloads.enumerated() {
      try writer.add(
        sampleKind, layer: number, tokens: 0..<number, flags: number == 1 ? [] : .required, rawBytes: 1000 + number,
        payload: payload)
    }
    var header = RecordWriter()
    header.string(0x7F01, "secret")
    let planned = writer.byteCount(withHeaderBytes: header.encoded.count)
    #expect(try writer.commit(header: header) == planned)
  }

  private func open(_ key: FileKey? = key, name: String = "a.fkv") throws -> FKVReader {
    try FKVReader(path: folder.file(name), knownKinds: [sampleKind], key: key)
  }

  private func bytes(_ name: String = "a.fkv") throws -> [UInt8] {
    Array(try #require(FileManager.default.contents(atPath: folder.file(name))))
  }

  private func put(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

  /// The error that reading everything of a file gives.
  private func error(_ key: FileKey? = key) throws -> FormatError? {
    do {
      let reader = try open(key)
      for section in reader.sections { _ = try reader.payload(of: section) }
      return nil
    } catch let error as FormatError { return error }
  }

  /// A file with all hashes made right again, as somebody would who has no key.
  ///
  /// - Parameter layout: a file of the same layout, where that of `bytes` may be broken.
  private func rehashed(_ bytes: [UInt8], layout: [UInt8]? = nil) -> [UInt8] {
    var bytes = bytes
    let layout = layout ?? bytes
    let directory = Int(layout.integer(at: 48) as UInt64)
    func put(_ value: UInt64, _ offset: Int) { bytes.replaceSubrange(offset..<offset + 8, with: little(value)) }
    for row in stride(from: directory, to: bytes.count, by: 56) {
      let (offset, stored) = (Int(layout.integer(at: row + 48) as UInt64), Int(layout.integer(at: row + 20) as UInt64))
      bytes.replaceSubrange(offset + 4..<offset + 40, with: bytes[row..<row + 36])
      put(plainHash(bytes[row..<row + 36] + bytes[offset + 48..<offset + 48 + stored]), row + 36)
      bytes.replaceSubrange(offset + 40..<offset + 48, with: bytes[row + 36..<row + 44])
    }
    let headerBytes = Int(layout.integer(at: 40) as UInt32)
    put(plainHash(bytes[..<56] + bytes[directory - headerBytes..<directory] + bytes[directory...]), 56)
    return bytes
  }

  @Test func whatWasWrittenIsRead() throws {
    try write()
    let reader = try open()
    #expect(reader.requiredFeatures == .encrypted && reader.key != nil)
    #expect(reader.sections.map(\.kind) == [sampleKind, sampleKind, sampleKind, .seal, .header])
    for (section, payload) in zip(reader.sections, Self.payloads) {
      #expect(try reader.payload(of: section) == payload)
      var pieces: [UInt8] = []
      try reader.readPieces(of: section) { pieces += $0 }
      #expect(pieces == payload)
    }
    #expect(reader.sections[1].flags == .encrypted && reader.sections[2].flags == [.required, .encrypted])
    #expect(reader.sections[3].storedBytes == 48 + 16 * 5 && reader.sections[2].rawBytes == 1002)
    #expect(try reader.header.string(0x7F01) == "secret")
    #expect(try reader.verifyAll() == [])
    // Nothing of it in the clear.
    let bytes = try bytes()
    #expect(!bytes.contains(Array("secret".utf8)) && !bytes.contains([7, 7, 7, 7, 7, 7, 7, 7]))
  }

  @Test func withoutTheKey() throws {
    try write()
    let seal = try open().sections[3]
    #expect(throws: FormatError.keyNeeded(offset: seal.offset)) { try open(nil) }
    #expect(throws: FormatError.wrongKey(offset: seal.payloadOffset + 32)) { try open(Self.other) }
  }

  /// A key is no hindrance to a file that has none.
  @Test func aKeyForAPlainFile() throws {
    try write(nil)
    #expect(try open().key == nil)
    #expect(try open().payload(of: open().sections[1]) == [1, 2, 3])
  }

  /// Two files of the same contents and key share no byte of any payload, and no salt.
  @Test func everyFileHasItsOwnSalt() throws {
    let payload = [UInt8](repeating: 7, count: 4096)
    for name in ["a.fkv", "b.fkv"] { try write(salt: nil, name: name, payloads: [payload]) }
    let readers = [try open(), try open(name: "b.fkv")]
    let (a, b) = (try bytes(), try bytes("b.fkv"))
    let first = readers[0].sections[0]
    let (x, y) = (a[first.payloadOffset...].prefix(4096), b[first.payloadOffset...].prefix(4096))
    // Of 4096 random bytes, 16 agree on average; 100 do with a probability below 10⁻⁴⁰.
    #expect(zip(x, y).count { $0 == $1 } < 100)
    let seal = readers[0].sections[1].payloadOffset
    #expect(a[seal..<seal + 32] != b[seal..<seal + 32])
  }

  /// Copying a file, whole or in part, gives it another salt: a key never meets a number twice.
  @Test func copiesAreEncryptedAnew() throws {
    try write()
    let reader = try open()
    for (name, key) in [("b.fkv", Self.key), ("c.fkv", Self.other), ("d.fkv", nil)] as [(String, FileKey?)] {
      let writer = try FKVWriter(path: folder.file(name), key: key)
      for section in reader.sections where section.kind != .header && section.kind != .seal {
        try writer.copySection(from: reader, section)
      }
      try writer.commit(header: RecordWriter())
      let copy = try open(key, name: name)
      #expect((copy.key == nil) == (key == nil))
      for (section, payload) in zip(copy.sections, Self.payloads) {
        #expect(try copy.payload(of: section) == payload)
        #expect(section.flags.contains(.encrypted) == (key != nil))
      }
    }
  }

  /// Every bit of the file, changed and every hash made right again: nobody takes it for what was written.
  @Test func everyChangeIsFound() throws {
    try write()
    let good = try bytes()
    let reader = try open()
    let (seal, header) = (reader.sections[3], reader.sections[4])
    let directory = header.payloadOffset + header.storedBytes
    var found: Set<FormatError.Code> = []
    for position in 0..<good.count {
      var changed = good
      changed[position] ^= 1
      try put(rehashed(changed, layout: good))
      guard let error = try error() else {
        // What the hashes themselves say is not the writer's word; they were put back.
        #expect(rehashed(changed, layout: good) == good, "byte \(position)")
        continue
      }
      found.insert(error.code)
      if reader.sections.prefix(3).contains(where: {
        $0.payloadOffset..<$0.payloadOffset + $0.storedBytes ~= position
      }) || position >= header.payloadOffset && position < directory {
        #expect(error.code == .notAuthentic, "byte \(position)")
      } else if seal.payloadOffset..<seal.payloadOffset + 48 ~= position {
        #expect(error.code == .wrongKey, "byte \(position)")
      } else if seal.payloadOffset + 48..<seal.payloadOffset + seal.storedBytes ~= position {
        #expect(error == .notAuthentic(seal.id, offset: seal.offset), "byte \(position)")
      }
    }
    #expect(found.isSuperset(of: [.wrongKey, .notAuthentic, .reservedFlags]))
  }

  /// Damage that nobody hid is reported as damage.
  @Test func damageIsToldFromForgery() throws {
    try write()
    let section = try open().sections[2]
    var changed = try bytes()
    changed[section.payloadOffset] ^= 1
    try put(changed)
    #expect(try error()?.code == .sectionHash)
    #expect(try open().verifyAll().map(\.error.code) == [.sectionHash])
    try put(rehashed(changed))
    #expect(try open().verifyAll().map(\.error) == [.notAuthentic(section.id, offset: section.offset)])
  }

  /// Sections cannot go from one file to another of the same key, change places, or be left out.
  @Test func sectionsBelongToTheirFileAndPlace() throws {
    let same = [[UInt8]](repeating: [UInt8](repeating: 3, count: 64), count: 3)
    try write(payloads: same)
    try write(salt: 10, name: "b.fkv", payloads: same)
    let sections = try open().sections
    let (good, foreign) = (try bytes(), try bytes("b.fkv"))
    func range(_ number: Int) -> Range<Int> {
      sections[number].payloadOffset..<sections[number].payloadOffset + sections[number].storedBytes
    }
    var changed = good
    changed.replaceSubrange(range(1), with: foreign[range(1)])
    try put(rehashed(changed))
    #expect(try error() == .notAuthentic(sections[1].id, offset: sections[1].offset))

    changed = good
    changed.replaceSubrange(range(0), with: good[range(2)])
    changed.replaceSubrange(range(2), with: good[range(0)])
    try put(rehashed(changed))
    #expect(try error() == .notAuthentic(sections[0].id, offset: sections[0].offset))

    // The seal of the other file, whole: its tags prove other sections.
    changed = good
    changed.replaceSubrange(range(3), with: foreign[range(3)])
    try put(rehashed(changed))
    #expect(try error()?.code == .notAuthentic)

    // Section 1 is cut out, with its row, and everything moved up.
    changed = good
    let directory = Int(good.integer(at: 48) as UInt64)
    changed.removeSubrange(directory + 56..<directory + 112)
    changed.removeSubrange(sections[1].offset..<sections[2].offset)
    let cut = sections[2].offset - sections[1].offset
    for (place, lost) in [(24, cut + 56), (32, cut), (48, cut)] {
      let value = (good.integer(at: place) as UInt64) - UInt64(lost)
      changed.replaceSubrange(place..<place + 8, with: little(value))
    }
    changed.replaceSubrange(44..<48, with: little(UInt32(56 * 4)))
    for row in 1..<4 {
      let place = directory - cut + 56 * row + 48
      let value = (changed.integer(at: place) as UInt64) - UInt64(cut)
      changed.replaceSubrange(place..<place + 8, with: little(value))
    }
    try put(rehashed(changed))
    let seal = sections[3]
    #expect(try error() == .sealSize(offset: seal.offset - cut, bytes: 48 + 16 * 5, expected: 48 + 16 * 4))
  }

  /// The rules on where a seal is and which sections are encrypted.
  @Test func sealsInTheWrongPlace() throws {
    let seal = PlainSection(kind: 3, payload: [UInt8](repeating: 0, count: 48 + 16 * 2))
    let id = SectionID(.seal)
    // Not in a file without the feature, nor missing in one that has it.
    #expect(try readingError(PlainFile([seal]), in: folder) == .sealMisplaced(id, offset: 64))
    #expect(try readingError(PlainFile([PlainSection(flags: 0)]), in: folder) == nil)
    let plain = PlainFile([PlainSection(flags: 3)], requiredFeatures: 1)
    #expect(try readingError(plain, in: folder) == .sealMisplaced(sampleID, offset: 64))
    #expect(try readingError(PlainFile([], requiredFeatures: 1), in: folder)?.code == .reservedFlags)
    // A section that is not encrypted among others that are; an encrypted seal.
    let mixed = PlainFile([PlainSection(flags: 1), seal], requiredFeatures: 1)
    #expect(try readingError(mixed, in: folder) == .reservedFlags(sampleID, offset: 64, found: .encrypted))
    let closed = PlainFile([PlainSection(kind: 3, flags: 3)], requiredFeatures: 1)
    #expect(try readingError(closed, in: folder) == .reservedFlags(id, offset: 64, found: .encrypted))
  }

  /// By hand, after the text of §15: HKDF and AES-GCM as the library has them, everything else written out.
  @Test func theBytesAreThoseOfTheText() throws {
    try write()
    let bytes = try bytes()
    let sections = try open().sections
    func stored(_ number: Int) -> ArraySlice<UInt8> {
      bytes[sections[number].payloadOffset..<sections[number].payloadOffset + sections[number].storedBytes]
    }
    func description(_ number: Int) -> [UInt8] {
      Array(bytes[sections[number].offset + 4..<sections[number].offset + 40])
    }
    let seal = Array(stored(3))
    #expect(Array(seal[..<32]) == [UInt8](repeating: 9, count: 32))
    let input = SymmetricKey(data: (0..<32).map { UInt8($0) })
    func derived(_ info: String, _ count: Int) -> SymmetricKey {
      HKDF<SHA256>.deriveKey(
        inputKeyMaterial: input, salt: seal[..<32], info: Array(info.utf8), outputByteCount: count)
    }
    #expect(derived("fkv 1 key check", 16).withUnsafeBytes { Array($0) } == Array(seal[32..<48]))
    let key = derived("fkv 1 sections", 32)
    func nonce(_ number: Int) throws -> AES.GCM.Nonce {
      try AES.GCM.Nonce(data: little(UInt32(number)) + [UInt8](repeating: 0, count: 8))
    }
    for (place, number) in [0, 1, 2, 4].enumerated() {
      let box = try AES.GCM.SealedBox(
        nonce: nonce(number), ciphertext: Array(stored(number)), tag: Array(seal[(48 + 16 * place)...].prefix(16)))
      let opened = Array(try AES.GCM.open(box, using: key, authenticating: description(number)))
      if number < 3 { #expect(opened == Self.payloads[number]) }
    }
    let covered = bytes[..<20] + (0..<5).flatMap(description) + seal[48..<112]
    let box = try AES.GCM.SealedBox(nonce: nonce(3), ciphertext: [UInt8](), tag: Array(seal[112...]))
    #expect(throws: Never.self) { try AES.GCM.open(box, using: key, authenticating: Array(covered)) }
  }
}
