import FileIO
import Foundation
import TestSupport
import Testing

@Suite struct FileReaderTests {
  private let folder = ScratchFolder()
  private let bytes: [UInt8] = [10, 11, 12, 13, 14]

  private func written() throws -> String {
    let path = folder.file("a")
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// Every offset −1…7 × every count −1…7 of a file of 5 bytes: the bytes, or the exact error.
  @Test func everyRange() throws {
    let path = try written()
    let reader = try FileReader(path: path)
    #expect(reader.byteCount == 5)
    for offset in -1...7 {
      for count in -1...7 {
        if offset >= 0, count >= 0, offset + count <= 5 {
          #expect(try reader.read(at: offset, count: count) == Array(bytes[offset..<offset + count]))
        } else {
          #expect(throws: FileError.beyondEnd(path: path, offset: offset, count: count, fileBytes: 5)) {
            try reader.read(at: offset, count: count)
          }
        }
      }
    }
  }

  @Test(arguments: [(1, Int.max), (Int.max, 1), (Int.max, Int.max), (5, Int.max), (Int.min, Int.max)])
  func hugeRangesAreRefusedBeforeAllocation(offset: Int, count: Int) throws {
    let path = try written()
    let reader = try FileReader(path: path)
    #expect(throws: FileError.beyondEnd(path: path, offset: offset, count: count, fileBytes: 5)) {
      try reader.read(at: offset, count: count)
    }
  }

  @Test func intoABuffer() throws {
    let path = try written()
    let reader = try FileReader(path: path)
    var target: [UInt16] = [0, 0]
    try target.withUnsafeMutableBytes { try reader.read(at: 1, into: $0) }
    #expect(target.map(\.littleEndian) == [0x0C0B, 0x0E0D])
    #expect(throws: FileError.beyondEnd(path: path, offset: 2, count: 4, fileBytes: 5)) {
      try target.withUnsafeMutableBytes { try reader.read(at: 2, into: $0) }
    }
  }

  @Test func shortenedMeanwhile() throws {
    let path = try written()
    let reader = try FileReader(path: path)
    #expect(truncate(path, 2) == 0)
    #expect(throws: FileError.shortened(path: path, offset: 1, expected: 4, found: 1)) {
      try reader.read(at: 1, count: 4)
    }
    #expect(throws: FileError.shortened(path: path, offset: 3, expected: 2, found: 0)) {
      try reader.read(at: 3, count: 2)
    }
  }

  @Test func grownMeanwhileStaysAsItWas() throws {
    let path = try written()
    let reader = try FileReader(path: path)
    #expect(truncate(path, 100) == 0)
    #expect(throws: FileError.beyondEnd(path: path, offset: 0, count: 6, fileBytes: 5)) {
      try reader.read(at: 0, count: 6)
    }
  }

  @Test func emptyFile() throws {
    let path = folder.file("empty")
    try Data().write(to: URL(fileURLWithPath: path))
    let reader = try FileReader(path: path)
    #expect(reader.byteCount == 0)
    #expect(try reader.read(at: 0, count: 0) == [])
  }

  @Test func notAFile() {
    #expect(throws: FileError.notRegular(path: folder.path)) { try FileReader(path: folder.path) }
    #expect(throws: FileError.notRegular(path: "/dev/null")) { try FileReader(path: "/dev/null") }
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    // Without O_NONBLOCK this open would wait for a writer for ever.
    #expect(throws: FileError.notRegular(path: pipe)) { try FileReader(path: pipe) }
  }

  @Test func missing() {
    let path = folder.file("missing")
    #expect(throws: FileError.system(operation: "open", path: path, code: ENOENT)) { try FileReader(path: path) }
  }

  @Test func manyThreads() async throws {
    let path = folder.file("big")
    let all = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    try Data(all).write(to: URL(fileURLWithPath: path))
    let reader = try FileReader(path: path)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for start in stride(from: 0, to: 4096, by: 64) {
        group.addTask { try reader.read(at: start, count: 64) == Array(all[start..<start + 64]) }
      }
      for try await same in group { #expect(same) }
    }
  }
}
