import FileIO
import Foundation
import TestSupport
import Testing

/// A pipeline run again and again, each time with one system call failing: the n-th of its kind, n = 1, 2, … until a run
/// makes no n-th such call.
///
/// After every run the output must be what it was before or the complete new one, and nothing else may lie in the
/// folder; after a halt (the process dies, or the power fails) once the next file is written there.
///
/// The suite takes n = 1, 2, 4, 8, …; `FKV_CRASH_POINTS=all` takes every n.
struct FaultWalk {
  let folder = ScratchFolder()
  /// The output's name in the folder.
  let target: String
  /// Puts the output as it was before; nil where there was none.
  let old: [UInt8]?
  /// The pipeline, told its folder.
  let run: (ScratchFolder) throws -> Void

  private static let takesAll = ProcessInfo.processInfo.environment["FKV_CRASH_POINTS"] == "all"

  /// What came of all runs.
  struct Count {
    var points = 0
    var refused = 0
    var oldKept = 0
    var newWritten = 0
    var halts = 0
  }

  /// The failures tried for each kind of call.
  static let faults: [(FaultPlan.Call, [FaultPlan.Fault])] = [
    (.open, [.error(EIO), .error(ENOSPC), .error(EINTR)]),
    (.inspect, [.error(EIO), .error(EINTR)]),
    (.read, [.error(EIO), .error(EINTR), .partial, .nothing]),
    (.write, [.error(ENOSPC), .error(EIO), .error(EINTR), .partial, .nothing]),
    (.sync, [.error(EIO), .error(EINTR)]),
    (.rename, [.error(EIO), .error(ENOSPC), .error(EINTR)]),
    (.remove, [.error(EIO), .error(EINTR)]),
    (.makeFolder, [.error(ENOSPC), .error(EINTR)]),
    (.list, [.error(EIO)]),
    (.lock, [.error(ENOLCK), .error(EINTR)]),
  ]

  /// Walks all faults; the folder must hold the inputs.
  func walk() throws -> Count {
    let inputs = folder.names.filter { $0 != target }
    try reset()
    try run(folder)
    let new = try #require(contents())
    let before = old.map { [target: $0] }
    try #require(new != before)
    let names = { (isThere: Bool) in (inputs + (isThere ? [target] : [])).sorted() }
    #expect(folder.names == names(true))
    var count = Count()

    func judge(_ plan: FaultPlan, _ error: (any Error)?, _ what: String, mayLeave: Bool, mustPass: Bool) throws {
      count.points += 1
      if error != nil { count.refused += 1 }
      let found = contents()
      if found == new { count.newWritten += 1 } else { count.oldKept += 1 }
      #expect(found == new || found == before, "\(what): neither the old nor the new file")
      #expect(error != nil || found == new, "\(what): no error, and no new file")
      #expect(!mustPass || error == nil, "\(what): \(String(describing: error))")
      if mayLeave { try AtomicFile(path: folder.file("next")).discard() }
      #expect(folder.names == names(found != nil), "\(what): left something")
    }
    for (call, faults) in Self.faults {
      for fault in faults {
        for number in Self.numbers {
          try reset()
          let plan = FaultPlan(folder: folder.path) { found, index, _ in found == call && index == number ? fault : nil
          }
          let error = failure(under: plan)
          guard plan.hasStruck else { break }
          let isHarmless = fault == .error(EINTR) || fault == .partial || call == .lock
          try judge(
            plan, error, "\(call) \(number): \(fault)", mayLeave: call == .remove || call == .list,
            mustPass: isHarmless)
        }
      }
    }
    for number in Self.numbers {
      try reset()
      let plan = FaultPlan(folder: folder.path) { _, _, total in total == number ? .halt : nil }
      let error = failure(under: plan)
      guard plan.hasStruck else { break }
      count.halts += 1
      try judge(plan, error, "halt at call \(number), \(plan.events.last!.call)", mayLeave: true, mustPass: false)
    }
    return count
  }

  /// The numbers of the calls that fail.
  private static var numbers: some Sequence<Int> {
    sequence(first: 1) { takesAll ? $0 + 1 : 2 * $0 }
  }

  private func failure(under plan: FaultPlan) -> (any Error)? {
    do { try plan.inForce { try run(folder) } } catch { return error }
    return nil
  }

  /// The output as it was before the run.
  private func reset() throws {
    try? FileManager.default.removeItem(atPath: folder.file(target))
    if let old { try Data(old).write(to: URL(fileURLWithPath: folder.file(target))) }
  }

  /// The bytes of the output, or of each file in it; nil if it is not there.
  private func contents() -> [String: [UInt8]]? {
    let path = folder.file(target)
    guard FolderReader.isFolder(path) else {
      return FileManager.default.contents(atPath: path).map { [target: Array($0)] }
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return Dictionary(
      uniqueKeysWithValues: names.map { ($0, Array(FileManager.default.contents(atPath: path + "/" + $0) ?? Data())) })
  }
}
