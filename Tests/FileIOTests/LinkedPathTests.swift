import FileIO
import Foundation
import TestSupport
import Testing

/// Outputs that are symbolic links: the file that they lead to is written, and they stay.
@Suite struct LinkedPathTests {
  private let folder = ScratchFolder()

  init() throws {
    for name in ["data", "links"] { try FolderReader.make(folder.file(name)) }
  }

  private func link(_ name: String, to destination: String) throws -> String {
    try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: destination)
    return folder.file(name)
  }

  private func destination(_ name: String) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: folder.file(name))
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    let file = try AtomicFile(path: path)
    try file.append(bytes)
    // The temporary lies where the file does, so that the last step is a rename.
    #expect(try FolderReader.names(in: folder.file("data")).contains { $0.hasSuffix(".fkv-partial") })
    try file.commit()
    #expect(file.path == path)
  }

  private func contents(_ name: String) -> [UInt8]? {
    FileManager.default.contents(atPath: folder.file(name)).map(Array.init)
  }

  @Test func whatALinkLeadsToIsReplaced() throws {
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder.file("data/a")))
    try write([4], to: try link("links/absolute", to: folder.file("data/a")))
    #expect(contents("data/a") == [4])
    try write([5, 6], to: try link("links/relative", to: "../data/a"))
    #expect(contents("data/a") == [5, 6] && destination("links/relative") == "../data/a")
    // A link to a link, by way of a folder that is one.
    _ = try link("way", to: "links")
    try write([7], to: try link("again", to: "way/relative"))
    #expect(contents("data/a") == [7] && destination("again") == "way/relative" && destination("way") == "links")
    #expect(try FolderReader.names(in: folder.file("data")) == ["a"])
    #expect(try FolderReader.names(in: folder.file("links")) == ["absolute", "relative"])
  }

  @Test func aDanglingLinkMakesItsTarget() throws {
    try write([9], to: try link("links/new", to: "../data/new"))
    #expect(contents("data/new") == [9] && destination("links/new") == "../data/new")
    let path = try link("lost", to: "missing/b")
    #expect(throws: FileError.system(operation: "write", path: path, code: ENOENT)) { try AtomicFile(path: path) }
  }

  @Test func linksInACircle() throws {
    _ = try link("a", to: "b")
    let path = try link("b", to: "a")
    #expect(throws: FileError.system(operation: "write", path: path, code: ELOOP)) { try AtomicFile(path: path) }
    #expect(throws: FileError.system(operation: "write", path: path, code: ELOOP)) { try LinkedPath.end(of: path) }
  }

  @Test func foldersToo() throws {
    for (name, target) in [("empty", "../data/empty"), ("none", "../data/none")] {
      if name == "empty" { try FolderReader.make(folder.file("data/empty")) }
      let output = try AtomicFolder(path: try link("links/\(name)", to: target))
      try output.append([1] as [UInt8], to: "x")
      try output.commit()
      #expect(contents("data/\(name)/x") == [1] && destination("links/\(name)") == target)
    }
  }

  /// A link of `/proc` to a file that has no name any more leads nowhere.
  @Test func aFileWithoutAName() throws {
    let path = folder.file("data/gone")
    let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
    defer { close(descriptor) }
    #expect(unlink(path) == 0)
    let link = "/proc/self/fd/\(descriptor)"
    guard FileManager.default.fileExists(atPath: "/proc/self/fd") else { return }
    #expect(throws: FileError.notRegular(path: link)) { try AtomicFile(path: link) }
    #expect(try FolderReader.names(in: folder.file("data")) == [])
  }
}
