import FileIO
import Foundation
import TestSupport
import Testing

@Suite struct FileDuplicateTests {
  private let folder = ScratchFolder()

  private func contents(_ name: String) -> [UInt8]? {
    FileManager.default.contents(atPath: folder.file(name)).map(Array.init)
  }

  /// By whatever name the first is written later, the second keeps what it holds.
  @Test func aFileAndALinkToOne() throws {
    try Data([1, 2]).write(to: URL(fileURLWithPath: folder.file("a")))
    #expect(symlink("a", folder.file("link")) == 0)
    try FileDuplicate.make(of: folder.file("link"), as: folder.file("b"))
    let file = try AtomicFile(path: folder.file("link"))
    try file.append([3] as [UInt8])
    try file.commit()
    #expect(contents("a") == [3] && contents("b") == [1, 2])
  }

  @Test func whatCannotBe() throws {
    #expect(throws: FileError.system(operation: "link", path: folder.file("b"), code: ENOENT)) {
      try FileDuplicate.make(of: folder.file("none"), as: folder.file("b"))
    }
    for name in ["a", "b"] { try Data(name.utf8).write(to: URL(fileURLWithPath: folder.file(name))) }
    #expect(throws: FileError.system(operation: "link", path: folder.file("b"), code: EEXIST)) {
      try FileDuplicate.make(of: folder.file("a"), as: folder.file("b"))
    }
    #expect(contents("b") == Array("b".utf8))
  }

  /// Another file system, where there is one: the bytes are copied.
  @Test func acrossFileSystems() throws {
    let other = "/dev/shm"
    var (here, there) = (stat(), stat())
    guard stat(folder.path, &here) == 0, stat(other, &there) == 0, here.st_dev != there.st_dev else { return }
    let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 * 13) }
    try Data(bytes).write(to: URL(fileURLWithPath: folder.file("a")))
    let copy = "\(other)/fkv-test-\(UUID().uuidString)"
    defer { unlink(copy) }
    try FileDuplicate.make(of: folder.file("a"), as: copy)
    #expect(FileManager.default.contents(atPath: copy).map(Array.init) == bytes)
  }
}
