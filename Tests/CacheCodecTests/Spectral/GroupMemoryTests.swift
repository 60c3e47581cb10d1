import ComputeKernels
import Foundation
import KVCacheModel
import Testing

@testable import CacheCodec

@Suite struct GroupMemoryTests {
  private final class Calls: @unchecked Sendable {
    private let lock = NSLock()
    private var counts: [Int: Int] = [:]
    func add(_ group: Int) -> Int {
      lock.withLock {
        counts[group, default: 0] += 1
        return counts[group]!
      }
    }
    func count(_ group: Int) -> Int { lock.withLock { counts[group] ?? 0 } }
  }
  private struct Failure: Error, Equatable {}

  private static func tensors(_ group: Int) -> [CacheTensor] {
    [CacheTensor(kvHeads: 1, tokens: 1, headDim: 1, elementType: .float32, bytes: [UInt8(group), 0, 0, 0])]
  }

  /// Many threads, few groups: each group is decoded once, and everybody gets its own.
  @Test func eachGroupIsDecodedOnce() throws {
    let (memory, calls) = (GroupMemory(capacity: 8), Calls())
    try ParallelLoop.forEach(400, width: 16) { index in
      let group = index * 7 % 5
      let found = try memory.tensors(GroupMemory.Key(kind: .key, group: group)) {
        _ = calls.add(group)
        usleep(2000)
        return Self.tensors(group)
      }
      if found != Self.tensors(group) { throw Failure() }
    }
    for group in 0..<5 { #expect(calls.count(group) == 1) }
  }

  @Test func keysAndValuesAreDifferent() throws {
    let memory = GroupMemory(capacity: 2)
    #expect(try memory.tensors(GroupMemory.Key(kind: .key, group: 0)) { Self.tensors(1) } == Self.tensors(1))
    #expect(try memory.tensors(GroupMemory.Key(kind: .value, group: 0)) { Self.tensors(2) } == Self.tensors(2))
  }

  /// A failure goes to who asked, and is forgotten: whoever waited, or comes later, tries again.
  @Test func failuresAreNotKept() throws {
    let (memory, calls) = (GroupMemory(capacity: 2), Calls())
    let key = GroupMemory.Key(kind: .value, group: 3)
    let results = try ParallelLoop.map(12, width: 12) { _ -> Bool in
      do {
        let found = try memory.tensors(key) {
          let attempt = calls.add(3)
          usleep(1000)
          if attempt <= 2 { throw Failure() }
          return Self.tensors(3)
        }
        return found == Self.tensors(3)
      } catch is Failure { return false }
    }
    #expect(results.count { !$0 } == 2 && calls.count(3) == 3)
  }

  /// The oldest goes when there are more than the capacity.
  @Test func theOldestGoes() throws {
    let (memory, calls) = (GroupMemory(capacity: 2), Calls())
    func ask(_ group: Int) throws {
      _ = try memory.tensors(GroupMemory.Key(kind: .key, group: group)) {
        _ = calls.add(group)
        return Self.tensors(group)
      }
    }
    for group in [0, 1, 0, 1, 2, 1, 2, 0] { try ask(group) }
    #expect((0..<3).map(calls.count) == [2, 1, 1])
  }
}
