import FKVFormat
import FileIO
import Foundation
import TestSupport
import Testing

/// What may happen to a file on its way: it is cut, a bit falls over, bytes are added.
@Suite struct DamageTests {
  private let folder = ScratchFolder()

  @Test func wholeFile() throws {
    let reader = try readAll(sampleFile, in: folder)
    #expect(reader.sections.map(\.offset) == [64, 117, 165])
    #expect(try reader.header.u32(5) == 7)
    #expect(try reader.header.string(9) == "eins")
    #expect(reader.optionalFeatures.rawValue == 0x8000_0000)
  }

  @Test func cutAtEveryByte() throws {
    let whole = sampleFile.bytes
    for length in 0..<whole.count {
      var file = sampleFile
      file.bytes = Array(whole.prefix(length))
      let expected: FormatError =
        switch length {
        case 0..<4: .notFKV(found: file.bytes)
        case 4..<64: .prologueTruncated(fileBytes: length, expected: 64)
        default: .fileSize(declared: UInt64(whole.count), found: UInt64(length))
        }
      #expect(try readingError(file, in: folder) == expected, "cut to \(length) bytes")
    }
  }

  @Test func bytesAfterTheEnd() throws {
    for count in 1...60 {
      var file = sampleFile
      file.bytes += [UInt8](repeating: 0, count: count)
      let expected = FormatError.fileSize(
        declared: UInt64(sampleFile.bytes.count), found: UInt64(file.bytes.count))
      #expect(try readingError(file, in: folder) == expected)
    }
  }

  /// Every single bit of the file is covered: turned over, it is noticed on opening or when its section is read.
  @Test func everyBit() throws {
    let sectionBytes = 64..<sampleFile.offsets[2]
    for bit in 0..<8 * sampleFile.bytes.count {
      var file = sampleFile
      file.bytes[bit / 8] ^= 1 << (bit % 8)
      let error = try readingError(file, in: folder)
      #expect(error != nil, "bit \(bit % 8) of byte \(bit / 8)")
      // Sections are read after opening: their damage must not keep the file from being opened and checked.
      guard sectionBytes.contains(bit / 8) else { continue }
      let reader = try FKVReader(path: folder.file("a.fkv"), knownKinds: [sampleKind])
      let findings = try reader.verifyAll()
      #expect(findings.map(\.error) == [error])
      #expect(findings.map(\.section) == [reader.sections[bit / 8 < 117 ? 0 : 1]])
      #expect(findings.map(\.declaredHash) == [reader.sections[bit / 8 < 117 ? 0 : 1].hash])
    }
  }

  /// The same with a right metadata hash, as an attacker would write it: an error or the right bytes, never a trap.
  @Test func everyBitSealedAgain() throws {
    for bit in 0..<8 * sampleFile.bytes.count {
      var file = sampleFile
      file.bytes[bit / 8] ^= 1 << (bit % 8)
      file.seal()
      do {
        let reader = try readAll(file, in: folder)
        #expect(try reader.payload(of: reader.sections[0]) == [1, 2, 3, 4, 5])
      } catch is FormatError {
        continue
      }
    }
  }

  /// Every aligned number of prologue and directory replaced by numbers near the ends of its range.
  @Test func everyNumberAtItsEnds() throws {
    let places =
      Array(stride(from: 8, to: 56, by: 4))
      + Array(stride(from: sampleFile.directoryOffset, to: sampleFile.bytes.count, by: 4))
    for place in places {
      for value: UInt32 in [0, 1, 47, 48, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFD0, 0xFFFF_FFFF] {
        let file = sampleFile.with(value, at: place)
        do { try readAll(file, in: folder) } catch is FormatError { continue }
      }
      guard place + 8 <= sampleFile.bytes.count else { continue }
      for value: UInt64 in [1 << 32, 1 << 62, 1 << 63, .max - 47, .max] {
        let file = sampleFile.with(value, at: place)
        do { try readAll(file, in: folder) } catch is FormatError { continue }
      }
    }
  }

  @Test func randomBytesBehindTheMagic() throws {
    var generator = RepeatableGenerator(seed: 3)
    for _ in 0..<500 {
      var file = sampleFile
      for _ in 0..<Int.random(in: 1...20, using: &generator) {
        file.bytes[Int.random(in: 12..<file.bytes.count, using: &generator)] =
          UInt8.random(in: 0...255, using: &generator)
      }
      file.seal()
      do { try readAll(file, in: folder) } catch is FormatError { continue }
    }
  }

  /// The reader keeps the file open: what is cut afterwards is noticed by the read.
  @Test func cutWhileOpen() throws {
    let path = folder.file("a.fkv")
    try sampleFile.write(to: path)
    let reader = try FKVReader(path: path, knownKinds: [sampleKind])
    #expect(truncate(path, 114) == 0)
    #expect(throws: FileError.shortened(path: path, offset: 112, expected: 5, found: 2)) {
      try reader.payload(of: reader.sections[0])
    }
    #expect(throws: FileError.shortened(path: path, offset: 112, expected: 5, found: 2)) { try reader.verifyAll() }
  }

  /// §4.6: sections found by their sync words alone are those of the directory.
  @Test func sectionsAreFoundWithoutTheDirectory() throws {
    var file = sampleFile
    file.bytes = Array(file.bytes.prefix(file.offsets[2] + 10))
    var found: [Int] = []
    var position = 0
    while position + 48 <= file.bytes.count {
      let stored = file.bytes[position + 24..<position + 32].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      let hash = file.bytes[position + 40..<position + 48].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard file.bytes[position..<position + 4] == [0xF6, 0x53, 0x45, 0x43],
        stored <= UInt64(file.bytes.count - position - 48),
        plainHash(
          file.bytes[position + 4..<position + 40] + file.bytes[position + 48..<position + 48 + Int(stored)]) == hash
      else {
        position += 1
        continue
      }
      found.append(position)
      position += 48 + Int(stored)
    }
    #expect(found == [64, 117])
  }
}
