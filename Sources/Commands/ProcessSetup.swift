import ComputeKernels
import FileIO
import Foundation

/// What a program whose whole work is fkv's does first.
public enum ProcessSetup {
  /// Tunes the process for large blocks that come and go (`FreedMemory`), makes it leave no unfinished files when it is
  /// interrupted, and turns the signals of a pipe without a reader and of a file beyond its limit into errors of the
  /// write. Call it before anything else, once.
  public static func prepare() {
    StandardStream.occupyClosed()
    FreedMemory.keep()
    endsOnBrokenPipe = !isIgnored(signal(SIGPIPE, SIG_IGN))
    signal(SIGXFSZ, SIG_IGN)
    removeUnfinishedFilesOnSignals()
  }

  /// Ends the process as the reader's going away ends others: by SIGPIPE, without a word; shells report 141. Returns
  /// where the parent has set the signal to be ignored, and so asks for a message.
  public static func endByBrokenPipe() {
    guard endsOnBrokenPipe else { return }
    signal(SIGPIPE, SIG_DFL)
    UnfinishedFiles.remove { end(by: SIGPIPE) }
  }

  /// Whether SIGPIPE ended the process before `prepare`. Set once, before there are other threads.
  private nonisolated(unsafe) static var endsOnBrokenPipe = false

  /// Whether a handler that `signal` returned is to ignore.
  private static func isIgnored(_ handler: sig_t?) -> Bool {
    unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Lets a signal with its default end the process.
  private static func end(by number: Int32) -> Never {
    kill(getpid(), number)
    // The first process of a container does not die of its own signals.
    usleep(100_000)
    _exit(128 + number)
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
      if isIgnored(signal(number, passOn)) { signal(number, SIG_IGN) }
    }
    Thread.detachNewThread {
      var number: UInt8 = 0
      // A handler is called at any place, so that it may do next to nothing; the work is done here.
      while read(reading, &number, 1) != 1 {}
      for other in endings { signal(other, SIG_DFL) }
      UnfinishedFiles.remove { end(by: Int32(number)) }
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
