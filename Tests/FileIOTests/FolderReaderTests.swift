import FileIO
import Foundation
import TestSupport
import Testing

struct FolderReaderTests {
  private let scratch = ScratchFolder()

  @Test func whatIsAFolder() throws {
    try Data().write(to: URL(fileURLWithPath: scratch.file("file")))
    try FileManager.default.createSymbolicLink(atPath: scratch.file("link"), withDestinationPath: scratch.path)
    #expect(FolderReader.isFolder(scratch.path) && FolderReader.isFolder(scratch.file("link")))
    #expect(!FolderReader.isFolder(scratch.file("file")) && !FolderReader.isFolder(scratch.file("none")))
    #expect(!FolderReader.isFolder(""))
  }

  @Test func namesAreSorted() throws {
    #expect(try FolderReader.names(in: scratch.path) == [])
    for name in ["z", "ä", "A", ".hidden"] { try Data().write(to: URL(fileURLWithPath: scratch.file(name))) }
    #expect(try FolderReader.names(in: scratch.path) == [".hidden", "A", "z", "ä"])
    #expect(throws: FileError.system(operation: "open", path: scratch.file("none"), code: ENOENT)) {
      try FolderReader.names(in: scratch.file("none"))
    }
    #expect(throws: FileError.system(operation: "open", path: scratch.file("z"), code: ENOTDIR)) {
      try FolderReader.names(in: scratch.file("z"))
    }
  }
}
