import TestSupport
import Testing

@testable import Interchange

@Suite struct ZIPDirectoryTests {
  private let folder = ScratchFolder()
  private let entries: [(String, [UInt8])] = [("a/one", [1, 2, 3]), ("a/two", []), ("ü", [4])]

  private func refuses(
    _ bytes: [UInt8], _ error: (String) -> ForeignError, _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: error(folder.file("mutated")), sourceLocation: location) {
      try ZIPDirectory(path: folder.write(bytes))
    }
  }

  @Test func readsStoredEntries() throws {
    for comment: [UInt8] in [[], [9, 9, 9], [UInt8](repeating: 0, count: 65_535)] {
      let archive = try ZIPDirectory(path: folder.write(TorchBuilder.archive(entries, comment: comment)))
      #expect(archive.entries.map(\.name) == ["a/one", "a/two", "ü"])
      #expect(try archive.read(archive.entry("a/one"), 1..<3) == [2, 3])
      #expect(try archive.read(archive.entry("a/two"), 0..<0) == [])
      #expect(try archive.read(archive.entry("ü"), 0..<1) == [4])
      #expect(archive.has("ü") && !archive.has("u"))
      #expect(throws: ForeignError.missing(path: archive.path, what: "ZIP entry \"b\"")) { try archive.entry("b") }
    }
    #expect(try ZIPDirectory(path: folder.write(TorchBuilder.archive([(String, [UInt8])]()))).entries.isEmpty)
  }

  @Test func refusesWhatTorchNeverWrites() {
    refuses(TorchBuilder.archive(entries, method: 8)) {
      .unsupported(path: $0, what: "ZIP entry \"a/one\"", found: "compressed")
    }
    refuses(TorchBuilder.archive(entries, flags: 1)) {
      .unsupported(path: $0, what: "ZIP entry \"a/one\"", found: "encrypted")
    }
    refuses(TorchBuilder.archive([("x", [1]), ("x", [2])])) {
      .invalid(path: $0, what: "ZIP directory", expected: "each name once", found: "\"x\" twice")
    }
    refuses(TorchBuilder.archive(entries, shift: 1)) {
      .invalid(path: $0, what: "ZIP entry \"a/one\"", expected: "its own header at 1", found: "something else")
    }
    refuses(TorchBuilder.archive(entries, shift: 1000)) {
      .truncated(path: $0, what: "ZIP entry \"a/one\"", offset: 1000, wanted: 30, fileBytes: 278)
    }
    for bytes: [UInt8] in [[], [0x50], Array("PK\u{3}\u{4}".utf8), [UInt8](repeating: 0x50, count: 100)] {
      refuses(bytes) {
        .notThisFormat(
          path: $0, format: "a whole ZIP archive", reason: "no directory at its end, as if it was cut short")
      }
    }
  }

  /// The directory's sizes, changed one by one: 22 bytes of the end, fields at 10, 12 and 16.
  @Test func refusesLyingDirectories() {
    let bytes = TorchBuilder.archive(entries)
    let end = bytes.count - 22
    func with(_ field: [UInt8], at place: Int) -> [UInt8] {
      Array(bytes[..<place]) + field + Array(bytes[(place + field.count)...])
    }
    let size = Int(bytes[end + 12])
    let start = Int(bytes[end + 16])
    refuses(with([255, 255], at: end + 10)) {
      .invalid(
        path: $0, what: "ZIP directory", expected: "65535 entries before byte \(end)",
        found: "\(size) bytes at \(start)")
    }
    refuses(with([2, 0], at: end + 10)) {
      .invalid(
        path: $0, what: "ZIP directory", expected: "2 entries in \(size) bytes", found: "\(2 * 46 + 10) bytes")
    }
    refuses(with([255, 255, 255, 255], at: end + 12)) {
      .invalid(
        path: $0, what: "ZIP directory", expected: "3 entries before byte \(end)",
        found: "\(UInt32.max) bytes at \(start)")
    }
    refuses(with([255, 255, 255, 127], at: end + 16)) {
      .invalid(
        path: $0, what: "ZIP directory", expected: "3 entries before byte \(end)",
        found: "\(size) bytes at \(Int32.max)")
    }
    // The first entry's size, in the directory only: its bytes would reach into the directory.
    refuses(with(TorchBuilder.word(UInt32(999)) + TorchBuilder.word(UInt32(999)), at: start + 20)) {
      .truncated(path: $0, what: "ZIP entry \"a/one\"", offset: 35, wanted: 999, fileBytes: bytes.count)
    }
    // Longer than it is, but before the directory: it overlaps the next entry.
    refuses(with(TorchBuilder.word(UInt32(50)) + TorchBuilder.word(UInt32(50)), at: start + 20)) {
      .invalid(path: $0, what: "ZIP entry \"a/two\"", expected: "bytes of its own", found: "an overlap at 73")
    }
    refuses(with([0xFF, 0xFF, 0xFF, 0xFF], at: start + 24)) { .missing(path: $0, what: "ZIP64 sizes of \"a/one\"") }
  }

  /// torch writes ZIP64 records at the end of every archive.
  @Test func wideEnds() throws {
    let bytes = TorchBuilder.archive(entries)
    let end = bytes.count - 22
    let (size, start) = (Int(bytes[end + 12]), Int(bytes[end + 16]))
    func wide(count: UInt64, size: UInt64, start: UInt64, record: UInt64) -> [UInt8] {
      var result = Array(bytes[..<end]) + [0x50, 0x4B, 6, 6] + TorchBuilder.word(UInt64(44))
      result += [UInt8](repeating: 0, count: 12) + TorchBuilder.word(count) + TorchBuilder.word(count)
      result += TorchBuilder.word(size) + TorchBuilder.word(start)
      result += [0x50, 0x4B, 6, 7, 0, 0, 0, 0] + TorchBuilder.word(record) + [1, 0, 0, 0]
      return result + Array(bytes[end..<end + 8]) + [UInt8](repeating: 0xFF, count: 12) + [0, 0]
    }
    let right = wide(count: 3, size: UInt64(size), start: UInt64(start), record: UInt64(end))
    #expect(try ZIPDirectory(path: folder.write(right)).entries.count == 3)
    refuses(wide(count: 3, size: UInt64(size), start: UInt64(start), record: .max)) {
      .invalid(path: $0, what: "ZIP64 locator", expected: "a size below 2^63", found: "\(UInt64.max)")
    }
    refuses(wide(count: 3, size: UInt64(size), start: UInt64(start), record: UInt64(end) + 1)) {
      .truncated(path: $0, what: "ZIP64 end", offset: end + 1, wanted: 56, fileBytes: right.count)
    }
    refuses(wide(count: 3, size: UInt64(size), start: UInt64(start), record: 0)) {
      .invalid(path: $0, what: "ZIP64 end", expected: "its signature", found: "other bytes")
    }
    refuses(wide(count: 1 << 60, size: UInt64(size), start: UInt64(start), record: UInt64(end))) {
      .invalid(
        path: $0, what: "ZIP directory", expected: "\(1 << 60) entries before byte \(end)",
        found: "\(size) bytes at \(start)")
    }
  }
}
