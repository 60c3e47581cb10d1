import Dispatch
import Foundation

/// Loops spread over the processor's cores, with results in index order whatever the thread count.
public enum ParallelLoop {
  /// How many calls may run at once: FKV_THREADS if that is a positive number, else the active cores.
  public static let width: Int = {
    if let text = ProcessInfo.processInfo.environment["FKV_THREADS"], let count = Int(text), count > 0 { return count }
    return max(1, ProcessInfo.processInfo.activeProcessorCount)
  }()

  /// [body(0), body(1), …, body(count − 1)], at most `width` of them computed at a time.
  ///
  /// - Throws: the error of the lowest index that failed, after all calls that had begun have ended.
  public static func map<Element: Sendable>(
    _ count: Int, width: Int = width, _ body: @Sendable (Int) throws -> Element
  ) throws -> [Element] {
    precondition(width > 0, "width must be 1 or more")
    if count <= 1 || width == 1 { return try (0..<count).map(body) }
    let slots = Slots<Element>(count: count)
    let next = Counter()
    DispatchQueue.concurrentPerform(iterations: min(width, count)) { _ in
      while let index = next.take(below: count) {
        do { slots.store(.success(try body(index)), at: index) } catch {
          slots.store(.failure(error), at: index)
          next.stop()
        }
      }
    }
    return try slots.values()
  }

  /// Runs `body` for every index concurrently; see `map` for errors.
  public static func forEach(
    _ count: Int, width: Int = width, _ body: @Sendable (Int) throws -> Void
  ) throws {
    _ = try map(count, width: width, body)
  }

  /// Computes `count` results at most `width` at a time and hands each to `consume` in index order, so that memory
  /// stays near `width` results however many there are.
  ///
  /// - Throws: the first error of `produce` or `consume`; nothing later is consumed.
  public static func ordered<Element: Sendable>(
    _ count: Int, width: Int = width, produce: @Sendable (Int) throws -> Element,
    consume: (Int, Element) throws -> Void
  ) throws {
    var start = 0
    while start < count {
      let base = start
      let batch = try map(min(width, count - base), width: width) { try produce(base + $0) }
      for (offset, element) in batch.enumerated() { try consume(base + offset, element) }
      start += batch.count
    }
  }
}

/// Hands out indices to threads.
private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var next = 0
  private var stopped = false

  func take(below count: Int) -> Int? {
    lock.withLock {
      guard !stopped, next < count else { return nil }
      next += 1
      return next - 1
    }
  }

  func stop() { lock.withLock { stopped = true } }
}

/// One place for each result.
private final class Slots<Element: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var results: [Result<Element, any Error>?]

  init(count: Int) { results = Array(repeating: nil, count: count) }

  func store(_ result: Result<Element, any Error>, at index: Int) { lock.withLock { results[index] = result } }

  func values() throws -> [Element] {
    for case .failure(let error)? in results { throw error }
    return try results.map { try $0!.get() }
  }
}
