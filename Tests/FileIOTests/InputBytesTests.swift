import FileIO
import Foundation
import TestSupport
import Testing

@Suite struct InputBytesTests {
  private let folder = ScratchFolder()

  /// A FIFO that another thread writes to, once.
  private func fifo(_ bytes: [UInt8]) -> String {
    let path = folder.file("fifo")
    unlink(path)
    #expect(mkfifo(path, 0o640) == 0)
    Thread.detachNewThread {
      let descriptor = open(path, O_WRONLY)
      var done = 0
      while done < bytes.count {
        let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress!, $0.count) }
        if count <= 0 { break }
        done += count
      }
      close(descriptor)
    }
    return path
  }

  @Test func regularFiles() throws {
    let path = folder.file("a")
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
    #expect(chmod(path, 0o604) == 0)
    let input = try InputBytes(path: path)
    #expect(input.bytes == [1, 2, 3] && input.source == path && input.permissions == 0o604)
    #expect(try InputBytes(path: path, limit: 2).bytes == [1, 2])
    #expect(throws: FileError.system(operation: "open", path: folder.file("none"), code: ENOENT)) {
      try InputBytes(path: folder.file("none"))
    }
    #expect(throws: FileError.notRegular(path: folder.path)) { try InputBytes(path: folder.path) }
  }

  /// More than a pipe holds at a time.
  @Test func aFIFOIsReadToItsEnd() throws {
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let input = try InputBytes(path: fifo(bytes))
    #expect(input.bytes == bytes && input.permissions == 0o640)
    #expect(try InputBytes(path: fifo([])).bytes == [])
    #expect(try InputBytes(path: fifo([5, 6, 7]), limit: 2).bytes == [5, 6])
    #expect(try InputBytes(path: fifo([5]), limit: 2).bytes == [5])
  }

  @Test func devices() throws {
    let input = try InputBytes(path: "/dev/null")
    #expect(input.bytes == [] && input.permissions == nil)
    #expect(try InputBytes(path: "/dev/zero", limit: 100_000).bytes == [UInt8](repeating: 0, count: 100_000))
  }

  @Test func closedStandardInput() async {
    await #expect(processExitsWith: .success) {
      close(0)
      StandardStream.occupyClosed()
      for path in ["-", "/dev/stdin", "/dev/fd/0"] {
        do {
          _ = try InputBytes(path: path)
          fatalError("read a closed stream")
        } catch let error as FileError {
          precondition(error == .system(operation: "read", path: "standard input", code: EBADF))
        }
      }
    }
  }

  /// One gigabyte of something that never ends is enough.
  @Test func whatDoesNotEnd() {
    #expect("\(FileError.tooLong(path: "/dev/zero", limit: 8))" == "/dev/zero: more than 8 bytes")
  }

  @Test func byteOrderMarks() {
    let marks: [([UInt8], ByteOrderMark?)] = [
      ([0xEF, 0xBB, 0xBF, 65], .utf8), ([0xEF, 0xBB, 0xBF], .utf8), ([0xFF, 0xFE, 65, 0], .utf16),
      ([0xFE, 0xFF], .utf16),
      ([0xFF, 0xFE, 0, 0], .utf32), ([0, 0, 0xFE, 0xFF], .utf32), ([0xEF, 0xBB], nil), ([], nil), ([65, 0xEF], nil),
    ]
    for (bytes, mark) in marks {
      #expect(ByteOrderMark(bytes) == mark)
      #expect(Array(ByteOrderMark.dropped(from: bytes)) == (mark == .utf8 ? Array(bytes.dropFirst(3)) : bytes))
    }
  }
}
