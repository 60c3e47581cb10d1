import FileIO
import Foundation
import Testing

@Suite struct FileErrorTests {
  @Test func oneLineEach() {
    #expect(
      "\(FileError.system(operation: "write", path: "a/b", code: ENOSPC))"
        == "a/b: cannot write: No space left on device")
    #expect(
      "\(FileError.beyondEnd(path: "a", offset: 7, count: 9, fileBytes: 8))"
        == "a: wanted 9 bytes at offset 7, but the file has 8")
    #expect(
      "\(FileError.shortened(path: "a", offset: 7, expected: 9, found: 1))"
        == "a: changed while it was read: 1 of 9 bytes at offset 7")
    #expect("\(FileError.notRegular(path: "a"))" == "a: not a regular file")
    #expect("\(FileError.inUse(path: "a"))" == "a: another process is writing to it")
  }
}
