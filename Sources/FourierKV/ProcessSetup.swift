import ComputeKernels
import FileIO
import Foundation

/// What a program whose whole work is fkv's does first.
public enum ProcessSetup {
  /// Tunes the process for large blocks that come and go (`FreedMemory`), and makes it leave no unfinished files when it
  /// is interrupted. Call it before anything else, once.
  public static func prepare() {
    FreedMemory.keep()
    removeUnfinishedFilesOnSignals()
  }

  /// The signals by which users, shells and systems ask a process to end.
  private static let endings = [SIGINT, SIGTERM, SIGHUP]

  /// At SIGINT, SIGTERM and SIGHUP temporaries are removed, and the process dies of the signal, which shells report as
  /// 128 + its number: 130, 143, 129. A signal that the parent has set to be ignored (`nohup`) stays ignored; a second
  /// one ends the process at once.
  private static func removeUnfinishedFilesOnSignals() {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let (reading, writing) = (ends[0], ends[1])
    signalPipe = writing
    for number in endings {
      let before = signal(number, passOn)
      if unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(number, SIG_IGN) }
    }
    Thread.detachNewThread {
      var number: UInt8 = 0
      // A handler is called at any place, so that it may do next to nothing; the work is done here.
      while read(reading, &number, 1) != 1 {}
      for other in endings { signal(other, SIG_DFL) }
      UnfinishedFiles.remove {
        kill(getpid(), Int32(number))
        // The first process of a container does not die of its own signals.
        usleep(100_000)
        _exit(128 + Int32(number))
      }
    }
  }
}

/// Where the handler writes the signal's number.
private nonisolated(unsafe) var signalPipe: Int32 = -1

private let passOn: @convention(c) (Int32) -> Void = { number in
  let code = errno
  var byte = UInt8(truncatingIfNeeded: number)
  _ = write(signalPipe, &byte, 1)
  errno = code
}
