import Foundation
import TestSupport
import Testing

@testable import FileIO

/// Single calls failing below files; whole commands are in `FaultWalkTests`.
@Suite struct FaultPlanTests {
  private let folder = ScratchFolder()

  private func plan(_ call: FaultPlan.Call, _ number: Int, _ fault: FaultPlan.Fault) -> FaultPlan {
    FaultPlan(folder: folder.path) { found, index, _ in found == call && index == number ? fault : nil }
  }

  private func write(_ bytes: [UInt8]) throws {
    let file = try AtomicFile(path: folder.file("a"))
    try file.append(bytes)
    try file.overwrite([bytes[0]], at: 0)
    try file.commit()
  }

  private func contents() -> [UInt8]? { FileManager.default.contents(atPath: folder.file("a")).map { Array($0) } }

  /// What must be on disk before a file has its name: every byte before the rename, the rename before success.
  @Test func bytesAreSyncedBeforeTheRenameAndTheFolderAfterIt() throws {
    let plan = FaultPlan(folder: folder.path) { _, _, _ in nil }
    try plan.inForce { try write([1, 2, 3]) }
    let events = plan.events.filter { [.write, .sync, .rename].contains($0.call) }
    #expect(events.map(\.call) == [.write, .write, .sync, .rename, .sync])
    #expect(events[2].path == events[0].path && events[3].path == folder.file("a") && events[4].path == folder.path)
    #expect(!plan.hasStruck)
  }

  @Test func interruptsAndPartsAreGoneOnWith() throws {
    for (call, fault) in [
      (.open, .error(EINTR)), (.write, .error(EINTR)), (.write, .partial), (.sync, .error(EINTR)),
      (.rename, .error(EINTR)),
    ] as [(FaultPlan.Call, FaultPlan.Fault)] {
      let plan = plan(call, 1, fault)
      try plan.inForce { try write([4, 5, 6, 7]) }
      #expect(plan.hasStruck && contents() == [4, 5, 6, 7])
    }
    let plan = FaultPlan(folder: folder.path) { call, number, _ in
      call == .read ? (number % 2 == 1 ? .error(EINTR) : .partial) : nil
    }
    let read = try plan.inForce { try FileReader(path: folder.file("a")).read(at: 0, count: 4) }
    #expect(read == [4, 5, 6, 7])
    #expect(plan.events.count { $0.call == .read } == 6)
  }

  @Test func failuresLeaveTheOldFile() throws {
    try write([1])
    for (call, code, operation) in [
      (.open, ENOSPC, "write"), (.write, ENOSPC, "write"), (.sync, EIO, "sync"), (.rename, EIO, "rename to"),
    ] as [(FaultPlan.Call, Int32, String)] {
      // The first opening may be that of the folder's list or of the target; the temporary's is found by name.
      let plan = FaultPlan(folder: folder.path) { found, number, _ in found == call && number == 1 ? .error(code) : nil
      }
      #expect(throws: FileError.system(operation: operation, path: folder.file("a"), code: code)) {
        try plan.inForce { try write([2, 3]) }
      }
      #expect(contents() == [1] && folder.names == ["a"])
    }
    let full = plan(.write, 1, .nothing)
    #expect(throws: FileError.system(operation: "write", path: folder.file("a"), code: ENOSPC)) {
      try full.inForce { try write([2]) }
    }
    #expect(folder.names == ["a"])
  }

  /// The name is there, and nobody knows whether it would be after a loss of power: an error over a complete file.
  @Test func theFoldersSyncFails() throws {
    let failing = plan(.sync, 2, .error(EIO))
    #expect(throws: FileError.system(operation: "sync the folder of", path: folder.file("a"), code: EIO)) {
      try failing.inForce { try write([2, 3]) }
    }
    #expect(contents() == [2, 3] && folder.names == ["a"])
    // A file system that has no such call is no failure.
    try plan(.sync, 2, .error(EINVAL)).inForce { try write([4]) }
    #expect(contents() == [4])
  }

  @Test func readsFail() throws {
    try write([1, 2, 3, 4])
    let path = folder.file("a")
    #expect(throws: FileError.system(operation: "read", path: path, code: EIO)) {
      try plan(.read, 1, .error(EIO)).inForce { try FileReader(path: path).read(at: 0, count: 4) }
    }
    #expect(throws: FileError.shortened(path: path, offset: 0, expected: 4, found: 0)) {
      try plan(.read, 1, .nothing).inForce { try FileReader(path: path).read(at: 0, count: 4) }
    }
    #expect(throws: FileError.system(operation: "open", path: path, code: EMFILE)) {
      try plan(.open, 1, .error(EMFILE)).inForce { try FileReader(path: path) }
    }
    #expect(throws: FileError.system(operation: "inspect", path: path, code: EIO)) {
      try plan(.inspect, 1, .error(EIO)).inForce { try FileReader(path: path) }
    }
  }

  /// Where there are no locks, nothing is swept and everything is written.
  @Test func withoutLocks() throws {
    try Data([1]).write(to: folder.url.appendingPathComponent(".b.1-0.fkv-partial"))
    let plan = FaultPlan(folder: folder.path) { call, _, _ in call == .lock ? .error(ENOLCK) : nil }
    try plan.inForce { try write([7]) }
    #expect(plan.hasStruck && contents() == [7] && folder.names == [".b.1-0.fkv-partial", "a"])
  }

  /// A plan is about its own folder, and over when its body is.
  @Test func plansKeepToTheirFolder() throws {
    let other = ScratchFolder()
    let plan = FaultPlan(folder: other.path) { _, _, _ in .halt }
    try plan.inForce { try write([1]) }
    #expect(!plan.hasStruck && plan.events.isEmpty)
    let halted = FaultPlan(folder: folder.path) { _, _, total in total == 1 ? .halt : nil }
    #expect(throws: FileError.self) { try halted.inForce { try write([2]) } }
    #expect(contents() == [1])
    try write([3])
    #expect(contents() == [3])
  }

  /// A log keeps whole appends only.
  @Test func appendsThatFail() throws {
    let file = try AppendFile(path: folder.file("log"))
    try file.append([UInt8]([1, 2]))
    for plan in [plan(.write, 1, .error(ENOSPC)), plan(.sync, 1, .error(EIO))] {
      #expect(throws: FileError.self) { try plan.inForce { try file.append([UInt8]([3, 4])) } }
      #expect(file.byteCount == 2 && FileManager.default.contents(atPath: file.path) == Data([1, 2]))
    }
    let halves = FaultPlan(folder: folder.path) { call, number, _ in
      call == .write ? (number == 1 ? .partial : .error(ENOSPC)) : nil
    }
    #expect(throws: FileError.self) { try halves.inForce { try file.append([UInt8]([3, 4])) } }
    #expect(FileManager.default.contents(atPath: file.path) == Data([1, 2]))
  }
}
