import Foundation
import TestSupport
import Testing

@testable import FileIO

/// What processes leave behind, and what the next one makes of it.
@Suite struct TemporaryEntryTests {
  private let folder = ScratchFolder()

  private func make(_ name: String, _ bytes: [UInt8] = [1]) throws {
    try Data(bytes).write(to: folder.url.appendingPathComponent(name))
  }

  /// Nobody holds a lock on what a dead process left.
  @Test func leftoversGoWithTheNextFile() throws {
    try make(".a.fkv.4711-0.fkv-partial")
    try make(".other.4711-3.fkv-partial")
    let left = folder.url.appendingPathComponent(".f.4711-0.fkv-partial")
    try FileManager.default.createDirectory(at: left, withIntermediateDirectories: false)
    try Data([1]).write(to: left.appendingPathComponent("chunk"))
    let file = try AtomicFile(path: folder.file("a.fkv"))
    #expect(folder.names == [".a.fkv.\(getpid())-0.fkv-partial"])
    try file.commit()
    #expect(folder.names == ["a.fkv"])
  }

  /// A process that lives keeps its files, and so does everybody else.
  @Test func onlyWhatIsOursAndDead() async throws {
    let others = [".hidden", "a.fkv-partial", ".a.fkv-partially", "b.fkv"]
    for name in others { try make(name) }
    try FileManager.default.createSymbolicLink(atPath: folder.file(".l.1-0.fkv-partial"), withDestinationPath: "b.fkv")
    #expect(mkfifo(folder.file(".p.1-0.fkv-partial"), 0o600) == 0)
    let kept = (others + [".l.1-0.fkv-partial", ".p.1-0.fkv-partial"]).sorted()
    let living = try AtomicFile(path: folder.file("c.fkv"))
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    child.arguments = ["-x", folder.file(".held.1-0.fkv-partial"), "-c", "echo; cat"]
    let (input, output) = (Pipe(), Pipe())
    (child.standardInput, child.standardOutput) = (input, output)
    try child.run()
    _ = output.fileHandleForReading.availableData
    TemporaryEntry.removeStale(in: folder.path)
    #expect(
      folder.names == (kept + [".c.fkv.\(getpid())-0.fkv-partial", ".held.1-0.fkv-partial"]).sorted())
    input.fileHandleForWriting.closeFile()
    child.waitUntilExit()
    TemporaryEntry.removeStale(in: folder.path)
    #expect(folder.names == (kept + [".c.fkv.\(getpid())-0.fkv-partial"]).sorted())
    try living.commit()
    #expect(folder.names == (kept + ["c.fkv"]).sorted())
  }

  /// Files of another user stay, whoever could remove them.
  @Test(.enabled(if: geteuid() == 0, "needs root, to give a file away")) func filesOfOthersStay() throws {
    try make(".a.1-0.fkv-partial")
    #expect(chown(folder.file(".a.1-0.fkv-partial"), 65534, 65534) == 0)
    TemporaryEntry.removeStale(in: folder.path)
    #expect(folder.names == [".a.1-0.fkv-partial"])
  }

  /// Many writers at once, each sweeping the folder: none loses its file to another.
  @Test func sweepersAndWritersTogether() async throws {
    let folder = folder
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<8 {
        group.addTask {
          for round in 0..<40 {
            let file = try AtomicFile(path: folder.file("f\(number)"))
            try file.append([UInt8(number), UInt8(round)])
            try file.commit()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(folder.names == (0..<8).map { "f\($0)" })
    for number in 0..<8 {
      #expect(try FileReader(path: folder.file("f\(number)")).read(at: 0, count: 2) == [UInt8(number), 39])
    }
  }

  @Test func temporaryFolders() throws {
    let temporary = try TemporaryFolder(in: folder.path, name: "x")
    let path = temporary.file("a")
    let file = try AtomicFile(path: path)
    try file.append([UInt8]([1]))
    try file.commit()
    let attributes = try FileManager.default.attributesOfItem(atPath: temporary.path)
    #expect(attributes[.posixPermissions] as? Int == 0o700)
    TemporaryEntry.removeStale(in: folder.path)
    #expect(try FileReader(path: path).byteCount == 1)
    temporary.remove()
    temporary.remove()
    #expect(folder.names == [])
    let missing = folder.file("missing")
    #expect(throws: FileError.system(operation: "write", path: missing, code: ENOENT)) {
      try TemporaryFolder(in: missing, name: "x")
    }
  }

  /// The end of a process by a signal: everything of its own goes, what is complete stays.
  @Test func theLivingAreRemovedAtTheEnd() async {
    await #expect(processExitsWith: .success) {
      let folder = ScratchFolder()
      let done = try AtomicFile(path: folder.file("done"))
      try done.commit()
      let file = try AtomicFile(path: folder.file("a"))
      try file.append([UInt8]([1]))
      let atomic = try AtomicFolder(path: folder.file("f"))
      try atomic.append([UInt8]([1]), to: "chunk")
      precondition(folder.names.count == 3)
      UnfinishedFiles.remove { exit(folder.names == ["done"] ? 0 : 1) }
    }
  }

  /// Modes: 0600 less the umask, whatever the file before had.
  @Test func modes() async {
    await #expect(processExitsWith: .success) {
      let folder = ScratchFolder()
      func mode(_ name: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: folder.file(name)))?[.posixPermissions] as? Int
      }
      for (mask, expected) in [(0o000, 0o600), (0o022, 0o600), (0o277, 0o400)] as [(mode_t, Int)] {
        umask(mask)
        try? Data([1]).write(to: folder.url.appendingPathComponent("old"))
        precondition(chmod(folder.file("old"), 0o664) == 0)
        for name in ["old", "new\(mask)"] {
          let file = try AtomicFile(path: folder.file(name))
          try file.commit()
          precondition(mode(name) == expected)
        }
        let log = try AppendFile(path: folder.file("log\(mask)"))
        precondition(log.byteCount == 0 && mode("log\(mask)") == expected)
      }
      umask(0)
      let atomic = try AtomicFolder(path: folder.file("f"))
      try atomic.append([UInt8]([1]), to: "chunk")
      try atomic.commit()
      precondition(mode("f") == 0o700 && mode("f/chunk") == 0o600)
    }
  }

  /// A file that may not be written is replaced: the folder decides, as with every rename.
  @Test func aReadOnlyTargetIsReplaced() throws {
    try make("a", [1, 2, 3])
    #expect(chmod(folder.file("a"), 0o444) == 0)
    let file = try AtomicFile(path: folder.file("a"))
    try file.append([UInt8]([9]))
    try file.commit()
    #expect(try FileReader(path: folder.file("a")).byteCount == 1)
  }
}
