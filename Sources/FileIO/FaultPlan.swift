import Synchronization

/// Failures that a test puts in the place of system calls on the files of one folder.
///
/// Nothing but tests makes one. Without any, a call costs one load more than the system call itself.
package final class FaultPlan: Sendable {
  /// The kinds of calls that can fail.
  package enum Call: String, CaseIterable, Sendable {
    case open, inspect, read, write, sync, rename, remove, makeFolder, list, truncate, lock
  }

  /// What happens in a call's place.
  package enum Fault: Hashable, Sendable {
    /// The call fails with that errno and does nothing.
    case error(Int32)
    /// A read or write takes half of its bytes, one at least.
    case partial
    /// A read or write takes none and says no error: the end of the file, a full disk.
    case nothing
    /// The process dies here, or the power fails: neither this call nor any later one has an effect.
    case halt
  }

  /// One call that was made, in order.
  package struct Event: Hashable, Sendable {
    package var call: Call
    package var path: String
    /// What was put in its place.
    package var fault: Fault?
  }

  private struct State {
    var events: [Event] = []
    var counts: [Call: Int] = [:]
    var isHalted = false
  }

  private let folder: String
  private let decide: @Sendable (_ call: Call, _ number: Int, _ total: Int) -> Fault?
  private let state = Mutex(State())

  /// A plan for files below `folder`.
  ///
  /// - Parameter decide: what happens to a call, by its kind, its number among its kind and among all, both from 1; nil
  ///   lets it pass.
  package init(folder: String, _ decide: @escaping @Sendable (_ call: Call, _ number: Int, _ total: Int) -> Fault?) {
    self.folder = folder
    self.decide = decide
  }

  /// The calls so far.
  package var events: [Event] { state.withLock { $0.events } }

  /// Whether any call failed.
  package var hasStruck: Bool { events.contains { $0.fault != nil } }

  /// What `body` returns, with the plan in force for every thread meanwhile.
  package func inForce<Result>(_ body: () throws -> Result) rethrows -> Result {
    Self.plans.withLock { $0.append(self) }
    Self.armed.add(1, ordering: .sequentiallyConsistent)
    defer {
      Self.armed.subtract(1, ordering: .sequentiallyConsistent)
      Self.plans.withLock { plans in plans.removeAll { $0 === self } }
    }
    return try body()
  }

  private static let armed = Atomic<Int>(0)
  private static let plans = Mutex<[FaultPlan]>([])

  /// What `body` returns for `count`, or what a plan puts in its place.
  static func passing<Result: SignedInteger>(
    _ call: Call, _ path: String, count: Int = 0, _ body: (Int) -> Result
  ) -> Result {
    guard armed.load(ordering: .relaxed) > 0, let fault = planned(call, path) else { return body(count) }
    switch fault {
    case .partial: return body(min(count, max(1, count / 2)))
    case .nothing: return 0
    case .error(let code): errno = code
    case .halt: errno = EIO
    }
    return -1
  }

  /// What the first plan that is about `path` has for it.
  private static func planned(_ call: Call, _ path: String) -> Fault? {
    for plan in plans.withLock({ $0 }) {
      if let fault = plan.fault(call, path) { return fault }
    }
    return nil
  }

  private func fault(_ call: Call, _ path: String) -> Fault? {
    guard path == folder || path.hasPrefix(folder + "/") else { return nil }
    return state.withLock { state in
      if state.isHalted { return .halt }
      state.counts[call, default: 0] += 1
      let fault = decide(call, state.counts[call]!, state.events.count + 1)
      state.events.append(Event(call: call, path: path, fault: fault))
      state.isHalted = fault == .halt
      return fault
    }
  }
}
