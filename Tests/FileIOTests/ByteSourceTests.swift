import Foundation
import TestSupport
import Testing

@testable import FileIO

@Suite struct ByteSourceTests {
  private static let bytes: [UInt8] = [10, 11, 12, 13, 14]

  private enum Kind: CaseIterable { case file, mapped, memory }

  private func source(_ kind: Kind, _ folder: ScratchFolder) throws -> any ByteSource {
    let path = folder.file("a")
    try Data(Self.bytes).write(to: URL(fileURLWithPath: path))
    return switch kind {
    case .file: try FileReader(path: path)
    case .mapped: try MappedFile(path: path)
    case .memory: MemorySource(Self.bytes, name: path)
    }
  }

  /// Every offset −1…7 × every count −1…7 of 5 bytes, of each kind: the bytes, or the exact error.
  @Test(arguments: Kind.allCases) private func everyRange(_ kind: Kind) throws {
    let folder = ScratchFolder()
    let source = try source(kind, folder)
    try expectRanges(of: source, named: folder.file("a"))
  }

  @Test func borrowedMemory() throws {
    try Self.bytes.withUnsafeBytes { try expectRanges(of: BorrowedSource($0), named: "memory") }
    let empty = BorrowedSource(UnsafeRawBufferPointer(start: nil, count: 0))
    #expect(try empty.read(at: 0, count: 0) == [])
    #expect(throws: FileError.beyondEnd(path: "memory", offset: 0, count: 1, fileBytes: 0)) {
      try empty.read(at: 0, count: 1)
    }
  }

  private func expectRanges(of source: any ByteSource, named name: String) throws {
    #expect(source.byteCount == 5 && source.name == name)
    for offset in -1...7 {
      for count in -1...7 {
        let error = FileError.beyondEnd(path: name, offset: offset, count: count, fileBytes: 5)
        if offset >= 0, count >= 0, offset + count <= 5 {
          #expect(try source.read(at: offset, count: count) == Array(Self.bytes[offset..<offset + count]))
          var target = [UInt8](repeating: 0, count: count)
          try target.withUnsafeMutableBytes { try source.read(at: offset, into: $0) }
          #expect(target == Array(Self.bytes[offset..<offset + count]))
        } else {
          #expect(throws: error) { try source.read(at: offset, count: count) }
          guard count >= 0 else { continue }
          var target = [UInt8](repeating: 0, count: count)
          #expect(throws: error) { try target.withUnsafeMutableBytes { try source.read(at: offset, into: $0) } }
        }
      }
    }
    for (offset, count) in [(1, Int.max), (Int.max, 1), (Int.min, Int.max)] {
      #expect(throws: FileError.self) { try source.read(at: offset, count: count) }
    }
  }

  @Test func anEmptyFileIsMapped() throws {
    let folder = ScratchFolder()
    try Data().write(to: URL(fileURLWithPath: folder.file("a")))
    let file = try MappedFile(path: folder.file("a"))
    #expect(try file.byteCount == 0 && file.read(at: 0, count: 0) == [])
  }

  @Test func whatIsNoFileIsNotMapped() {
    let folder = ScratchFolder()
    #expect(throws: FileError.notRegular(path: folder.path)) { try MappedFile(path: folder.path) }
    #expect(throws: FileError.system(operation: "open", path: folder.file("b"), code: ENOENT)) {
      try MappedFile(path: folder.file("b"))
    }
  }
}
