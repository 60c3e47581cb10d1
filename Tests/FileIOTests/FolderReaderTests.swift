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

  @Test func foldersAreMade() throws {
    let new = scratch.file("new")
    try FolderReader.make(new)
    #expect(FolderReader.isFolder(new))
    try FolderReader.make(new)
    try Data().write(to: URL(fileURLWithPath: scratch.file("file")))
    #expect(throws: FileError.system(operation: "make folder", path: scratch.file("file"), code: EEXIST)) {
      try FolderReader.make(scratch.file("file"))
    }
    #expect(throws: FileError.system(operation: "make folder", path: scratch.file("a/b"), code: ENOENT)) {
      try FolderReader.make(scratch.file("a/b"))
    }
  }

  @Test func foldersAboveAreMadeToo() throws {
    try FolderReader.makeAll(scratch.file("a/b/c"), permissions: 0o700)
    try FolderReader.makeAll(scratch.file("a/b/c"))
    let made = try FileManager.default.attributesOfItem(atPath: scratch.file("a/b"))
    #expect(FolderReader.isFolder(scratch.file("a/b/c")) && made[.posixPermissions] as? Int == 0o700)
    try Data().write(to: URL(fileURLWithPath: scratch.file("file")))
    #expect(throws: FileError.system(operation: "make folder", path: scratch.file("file"), code: EEXIST)) {
      try FolderReader.makeAll(scratch.file("file/b/c"))
    }
  }
}
