import FileIO
import Foundation
import Synchronization

/// How far work that lasts has come, on standard error: a bar that is redrawn in a terminal, or a line every ten seconds for
/// logs, with the time that is left. Nothing of either for work that is done sooner than its first drawing.
final class ProgressDisplay: Sendable {
  /// How progress is shown.
  enum Mode: String, CaseIterable, Sendable {
    /// A bar in a terminal that understands escape codes, lines elsewhere.
    case auto
    case bar
    case lines
    case none

    /// What `auto` comes to here; others are themselves.
    var resolved: Mode { self == .auto ? (StandardStream.error.showsEscapes ? .bar : .lines) : self }
  }

  /// Seconds between lines, and before the first.
  static let lineSeconds = 10.0
  /// Seconds between drawings of the bar, and before the first.
  private static let barSeconds = (first: 1.0, next: 0.1)

  private struct State {
    var done = 0
    var total = 0
    var note: String?
    /// Since when the work counted by `done` goes on.
    var start: Date
    var lastDrawn: Date
    var hasBar = false
  }

  private let label: String
  private let unit: String
  private let mode: Mode
  private let now: @Sendable () -> Date
  private let write: @Sendable (String) -> Void
  private let state: Mutex<State>
  private let timer = Mutex<Timer?>(nil)

  /// Dispatch's timers may be used from any thread.
  private struct Timer: @unchecked Sendable { var source: any DispatchSourceTimer }

  /// Begins to count time.
  ///
  /// - Parameters:
  ///   - label: what is done.
  ///   - unit: what is counted.
  ///   - now: the clock; tests put another in its place, and then nothing is drawn but at updates and ticks.
  ///   - write: where text goes.
  init(
    _ label: String, unit: String, mode: Mode, now: (@Sendable () -> Date)? = nil,
    write: @escaping @Sendable (String) -> Void = { Diagnostics.write($0) }
  ) {
    self.label = label
    self.unit = unit
    self.mode = mode.resolved
    self.now = now ?? { Date() }
    self.write = write
    let start = self.now()
    state = Mutex(State(start: start, lastDrawn: start))
    // Updates may be minutes apart, as batches of a large model's prefill are.
    if self.mode == .lines, now == nil { startTimer() }
  }

  deinit { finish() }

  /// Takes in that `done` of `total` are done, and what to say instead of rate and time left, and draws if it is time. Where
  /// fewer are done than before, the work has begun again, as a cache that is written until it meets a rate.
  func update(_ done: Int, of total: Int, note: String? = nil) {
    state.withLock { state in
      if done < state.done { state.start = now() }
      (state.done, state.total, state.note) = (done, total, note)
      draw(&state)
    }
  }

  /// Draws if it is time, without news.
  func tick() { state.withLock { state in draw(&state) } }

  /// Takes the bar away, and ends the lines.
  func finish() {
    timer.withLock { timer in
      timer?.source.cancel()
      timer = nil
    }
    state.withLock { state in
      if state.hasBar { write("\r\u{1B}[K") }
      state.hasBar = false
    }
  }

  private func startTimer() {
    let timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
    timer.schedule(deadline: .now() + Self.lineSeconds, repeating: Self.lineSeconds, leeway: .milliseconds(100))
    timer.setEventHandler { [weak self] in self?.tick() }
    timer.resume()
    self.timer.withLock { $0 = Timer(source: timer) }
  }

  private func draw(_ state: inout State) {
    let time = now()
    let (elapsed, since) = (time.timeIntervalSince(state.start), time.timeIntervalSince(state.lastDrawn))
    switch mode {
    case .auto, .none: return
    case .bar:
      guard state.total > 0, elapsed > Self.barSeconds.first, state.done == state.total || since > Self.barSeconds.next
      else { return }
      let filled = Int((24 * fraction(state)).rounded(.down))
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
      write("\r\(label) \(bar) \(state.done)/\(state.total) \(unit)\(pace(state, elapsed))\u{1B}[K")
      state.hasBar = true
    case .lines:
      // The timer is a little early or late; a line that is due is not put off by that.
      guard state.done < state.total, since > Self.lineSeconds - 0.5 else { return }
      let percent = Int((100 * fraction(state)).rounded(.down))
      write("fkv: \(label) \(state.done)/\(state.total) \(unit) (\(percent) %)\(pace(state, elapsed))\n")
    }
    state.lastDrawn = time
  }

  private func fraction(_ state: State) -> Double {
    min(max(Double(state.done) / Double(state.total), 0), 1)
  }

  /// How fast it goes and how long it still takes; nothing before anything is done.
  private func pace(_ state: State, _ elapsed: Double) -> String {
    if let note = state.note { return ", \(note)" }
    guard state.done > 0 else { return "" }
    let rate = Double(state.done) / max(elapsed, 1e-9)
    let speed = ", \(Format.significant(rate)) \(unit)/s"
    guard state.done < state.total else { return speed }
    return speed + ", about \(Format.duration(Double(state.total - state.done) / rate)) left"
  }
}
