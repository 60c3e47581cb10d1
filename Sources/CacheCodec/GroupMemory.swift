import Foundation
import KVCacheModel

/// The groups that were decoded last, so that asking for one layer after the other decodes each group once. A thread
/// that asks for a group which another is decoding waits for it.
final class GroupMemory: @unchecked Sendable {
  struct Key: Hashable {
    var kind: CacheKind
    var group: Int
  }

  private enum State {
    case working
    case done([CacheTensor])
  }

  private let condition = NSCondition()
  private var states: [Key: State] = [:]
  /// Oldest first.
  private var order: [Key] = []
  private let capacity: Int
  private let mostBytes: Int
  private var bytes = 0

  /// Keeps up to `capacity` groups, and of `bytes` bytes together unless one alone is larger.
  init(capacity: Int, bytes: Int = .max) {
    self.capacity = capacity
    mostBytes = bytes
  }

  /// The tensors of a group, from memory or from `decode`.
  func tensors(_ key: Key, decode: () throws -> [CacheTensor]) throws -> [CacheTensor] {
    condition.lock()
    while true {
      switch states[key] {
      case .done(let tensors):
        condition.unlock()
        return tensors
      case .working:
        condition.wait()
        continue
      case nil: break
      }
      break
    }
    states[key] = .working
    condition.unlock()
    let result = Result { try decode() }
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    switch result {
    case .success(let tensors):
      states[key] = .done(tensors)
      order.append(key)
      bytes += Self.size(tensors)
      while order.count > 1, order.count > capacity || bytes > mostBytes { forget(order.removeFirst()) }
      return tensors
    case .failure(let error):
      states[key] = nil
      throw error
    }
  }

  private func forget(_ key: Key) {
    guard case .done(let tensors)? = states.removeValue(forKey: key) else { return }
    bytes -= Self.size(tensors)
  }

  private static func size(_ tensors: [CacheTensor]) -> Int { tensors.reduce(0) { $0 + $1.bytes.count } }
}
