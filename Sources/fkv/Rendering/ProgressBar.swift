import FileIO
import Foundation

/// A bar on standard error for work that lasts: nothing in the first second, nothing unless it is a
/// terminal that understands escape codes.
final class ProgressBar {
  private let label: String
  private let unit: String
  private let start = Date()
  private let isShown: Bool
  private var lastDrawn = Date.distantPast
  private var hasDrawn = false

  init(_ label: String, unit: String) {
    self.label = label
    self.unit = unit
    isShown = StandardStream.error.showsEscapes
  }

  /// Shows that `done` of `total` are done, and how fast, or what `note` says instead.
  func update(_ done: Int, of total: Int, note: String? = nil) {
    let now = Date()
    guard isShown, now.timeIntervalSince(start) > 1, done == total || now.timeIntervalSince(lastDrawn) > 0.1 else {
      return
    }
    lastDrawn = now
    hasDrawn = true
    let fraction = total == 0 ? 1 : Double(done) / Double(total)
    let filled = Int((fraction * 24).rounded(.down))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    let rate = Double(done) / max(now.timeIntervalSince(start), 1e-9)
    write("\r\(label) \(bar) \(done)/\(total) \(unit), \(note ?? "\(Format.significant(rate)) \(unit)/s")\u{1B}[K")
  }

  /// Takes the bar away.
  func finish() {
    if hasDrawn { write("\r\u{1B}[K") }
    hasDrawn = false
  }

  private func write(_ text: String) { Diagnostics.write(text) }
}
