import FileIO

/// Bytes that the thread which decodes has allocated and not freed, and the most there were at once.
enum MemoryMeter {
  /// Written by the hooks, which may not allocate: plain memory instead of variables that are made at first use.
  private struct Counts {
    var live = 0
    var peak = 0
  }
  private nonisolated(unsafe) static let counts: UnsafeMutablePointer<Counts> = {
    let counts = UnsafeMutablePointer<Counts>.allocate(capacity: 1)
    counts.initialize(to: Counts())
    return counts
  }()

  /// Starts counting; to be called once.
  static func install() {
    reset()
    let installed = LibFuzzer.installHooks(
      { pointer, size in
        guard pointer != nil else { return }
        let counts = MemoryMeter.counts
        counts.pointee.live &+= size
        if counts.pointee.live > counts.pointee.peak { counts.pointee.peak = counts.pointee.live }
      },
      { pointer in
        guard pointer != nil else { return }
        MemoryMeter.counts.pointee.live &-= LibFuzzer.allocatedSize(pointer)
      })
    precondition(installed > 0, "no room for malloc hooks")
  }

  /// Counts from 0 on again.
  static func reset() { counts.pointee = Counts() }

  /// The most bytes that lived at once since `reset`.
  static var peak: Int { counts.pointee.peak }

  /// Nanoseconds of processor time that this process took.
  static func processorTime() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
