import FileIO
import Foundation
import TestSupport
import Testing

@Suite struct AtomicFolderTests {
  private let scratch = ScratchFolder()

  @Test func appearsWhole() throws {
    let folder = try AtomicFolder(path: scratch.file("f"))
    try folder.append([1, 2] as [UInt8], to: "a")
    try folder.append([3] as [UInt8], to: "b")
    try folder.append([4] as [UInt8], to: "a")
    #expect(!FolderReader.isFolder(scratch.file("f")) && scratch.names.count == 1)
    try folder.commit()
    #expect(scratch.names == ["f"])
    #expect(try FolderReader.names(in: scratch.file("f")) == ["a", "b"])
    #expect(try FileReader(path: scratch.file("f/a")).read(at: 0, count: 3) == [1, 2, 4])
  }

  @Test func leavesNothingWithoutCommit() throws {
    do {
      let folder = try AtomicFolder(path: scratch.file("f"))
      try folder.append([1] as [UInt8], to: "a")
    }
    #expect(scratch.names.isEmpty)
  }

  @Test func takesEmptyFoldersOnly() throws {
    try FileManager.default.createDirectory(atPath: scratch.file("empty"), withIntermediateDirectories: true)
    let folder = try AtomicFolder(path: scratch.file("empty") + "/")
    try folder.append([1] as [UInt8], to: "a")
    try folder.commit()
    #expect(try FolderReader.names(in: scratch.file("empty")) == ["a"])
    let path = scratch.file("empty")
    #expect(throws: FileError.system(operation: "write", path: path, code: ENOTEMPTY)) { try AtomicFolder(path: path) }
    let file = path + "/a"
    #expect(throws: FileError.system(operation: "write", path: file, code: EEXIST)) { try AtomicFolder(path: file) }
    let missing = scratch.file("none/f")
    #expect(throws: FileError.system(operation: "write", path: missing, code: ENOENT)) {
      try AtomicFolder(path: missing)
    }
  }

  /// Somebody fills the target meanwhile: it stays as it is.
  @Test func targetFilledMeanwhile() throws {
    let folder = try AtomicFolder(path: scratch.file("f"))
    try folder.append([1] as [UInt8], to: "a")
    try FileManager.default.createDirectory(atPath: scratch.file("f/b"), withIntermediateDirectories: true)
    #expect(throws: FileError.self) { try folder.commit() }
    #expect(scratch.names == ["f"])
    #expect(try FolderReader.names(in: scratch.file("f")) == ["b"])
  }
}
