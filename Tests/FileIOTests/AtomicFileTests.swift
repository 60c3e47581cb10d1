import FileIO
import Foundation
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  private let folder = ScratchFolder()
  private let old: [UInt8] = [1, 2, 3]

  private func contents(_ name: String) -> [UInt8]? {
    FileManager.default.contents(atPath: folder.file(name)).map { Array($0) }
  }

  @Test func targetIsUntouchedUntilCommit() throws {
    try Data(old).write(to: folder.url.appendingPathComponent("a"))
    let file = try AtomicFile(path: folder.file("a"))
    try file.append([UInt8]([9, 8, 7, 6]))
    #expect(contents("a") == old)
    #expect(folder.names.count == 2)
    try file.commit()
    #expect(contents("a") == [9, 8, 7, 6])
    #expect(folder.names == ["a"])
  }

  @Test func discardRemovesTheTemporary() throws {
    try Data(old).write(to: folder.url.appendingPathComponent("a"))
    let file = try AtomicFile(path: folder.file("a"))
    try file.append([UInt8](repeating: 5, count: 100))
    file.discard()
    file.discard()
    #expect(contents("a") == old)
    #expect(folder.names == ["a"])
  }

  @Test func endOfLifeRemovesTheTemporary() throws {
    do {
      let file = try AtomicFile(path: folder.file("a"))
      try file.append([UInt8]([1]))
      #expect(folder.names.count == 1)
    }
    #expect(folder.names == [])
  }

  @Test func discardAfterCommitKeepsTheFile() throws {
    let file = try AtomicFile(path: folder.file("a"))
    try file.append(old)
    try file.commit()
    file.discard()
    #expect(contents("a") == old)
  }

  @Test func onlyTheOwnerMayReadIt() throws {
    let file = try AtomicFile(path: folder.file("a"))
    try file.commit()
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("a"))
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test func overwriteReplacesAndAppendGoesOn() throws {
    let file = try AtomicFile(path: folder.file("a"))
    try file.append([UInt8]([0, 0, 0, 0]))
    try file.overwrite([UInt8]([1, 2]), at: 1)
    try file.append([UInt16(0x0403).littleEndian])
    #expect(file.byteCount == 6)
    try file.commit()
    #expect(contents("a") == [0, 1, 2, 0, 3, 4])
  }

  @Test func slicesAndBuffers() throws {
    let file = try AtomicFile(path: folder.file("a"))
    try file.append([UInt8]([1, 2, 3, 4])[1..<3])
    try [UInt8]([7]).withUnsafeBytes { try file.append($0) }
    try file.append([UInt8]())
    try file.commit()
    #expect(contents("a") == [2, 3, 7])
  }

  @Test func twoWritersOfOneTargetDoNotMeet() throws {
    let first = try AtomicFile(path: folder.file("a"))
    let second = try AtomicFile(path: folder.file("a"))
    try first.append([UInt8]([1]))
    try second.append([UInt8]([2]))
    try second.commit()
    #expect(contents("a") == [2])
    try first.commit()
    #expect(contents("a") == [1])
    #expect(folder.names == ["a"])
  }

  @Test func longNames() throws {
    // 255 bytes is the longest name that Linux and macOS allow; letters of two bytes stay whole when it is cut.
    let name = String(repeating: "é", count: 127) + "a"
    let file = try AtomicFile(path: folder.file(name))
    try file.commit()
    #expect(folder.names.map(\.precomposedStringWithCanonicalMapping) == [name])
  }

  @Test func commitOntoAFolderThatAppearedMeanwhile() throws {
    let file = try AtomicFile(path: folder.file("a"))
    try FileManager.default.createDirectory(atPath: folder.file("a"), withIntermediateDirectories: false)
    #expect(throws: FileError.system(operation: "rename to", path: folder.file("a"), code: EISDIR)) {
      try file.commit()
    }
    #expect(folder.names == ["a"])
  }

  @Test func commitIntoAFolderThatVanished() throws {
    try FileManager.default.createDirectory(atPath: folder.file("b"), withIntermediateDirectories: false)
    let path = folder.file("b") + "/a"
    let file = try AtomicFile(path: path)
    try FileManager.default.removeItem(atPath: folder.file("b"))
    #expect(throws: FileError.system(operation: "rename to", path: path, code: ENOENT)) { try file.commit() }
    #expect(folder.names == [])
  }
}
