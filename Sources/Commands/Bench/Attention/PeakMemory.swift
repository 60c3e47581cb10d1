import ComputeKernels
import Foundation

/// How far the process's resident memory grows during a piece of work.
enum PeakMemory {
  /// What `body` gives, and the bytes by which resident memory rose above where it stood; nil where the system does not
  /// tell (only Linux does).
  static func growth<Value>(_ body: () throws -> Value) rethrows -> (Value, Int?) {
    // Blocks that were freed and kept would not count again.
    FreedMemory.release()
    let isReset = reset()
    let before = status("VmRSS")
    let value = try body()
    guard isReset, let before, let peak = status("VmHWM") else { return (value, nil) }
    return (value, max(0, peak - before))
  }

  /// Makes the peak begin anew.
  private static func reset() -> Bool {
    guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return false }
    return (try? file.write(contentsOf: Data("5".utf8))) != nil
  }

  /// A line of /proc/self/status, in bytes.
  private static func status(_ field: String) -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(field + ":") }) else { return nil }
    return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { 1024 * $0 }
  }
}
