import Foundation

/// Counts what several threads have done.
final class DoneCounter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0

  /// Counts one more and calls `body` with the sum, one call at a time.
  func next(_ body: (Int) -> Void) {
    lock.withLock {
      count += 1
      body(count)
    }
  }
}
