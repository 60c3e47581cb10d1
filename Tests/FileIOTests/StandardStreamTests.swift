import FileIO
import Foundation
import TestSupport
import Testing

/// Streams that fail, each in a process of its own.
@Suite struct StandardStreamTests {
  @Test func closedStreamsAreOccupied() async {
    await #expect(processExitsWith: .success) {
      for descriptor in Int32(0)...2 { close(descriptor) }
      StandardStream.occupyClosed()
      var ends: [Int32] = [-1, -1]
      precondition(pipe(&ends) == 0 && ends.allSatisfy { $0 > 2 })
      var byte: UInt8 = 0
      precondition(read(0, &byte, 1) == -1 && errno == EBADF)
      do {
        try StandardStream.output.write("x")
        fatalError("wrote to a closed stream")
      } catch let error as FileError {
        precondition(error == .system(operation: "write", path: "standard output", code: EBADF))
      }
      try StandardStream.error.write("lost")
    }
  }

  @Test func openStreamsStay() async {
    await #expect(processExitsWith: .success) {
      let folder = ScratchFolder()
      precondition(dup2(open(folder.file("out"), O_WRONLY | O_CREAT, 0o600), 1) == 1)
      close(0)
      StandardStream.occupyClosed()
      try StandardStream.output.write("a naïve text\n")
      precondition(FileManager.default.contents(atPath: folder.file("out")) == Data("a naïve text\n".utf8))
    }
  }

  @Test func fullAndBroken() async {
    await #expect(processExitsWith: .success) {
      func code(_ text: String) -> Int32? {
        do { try StandardStream.output.write(text) } catch let error as FileError {
          guard case .system("write", "standard output", let code) = error else { return nil }
          return code
        } catch {}
        return nil
      }
      signal(SIGPIPE, SIG_IGN)
      precondition(dup2(open("/dev/full", O_WRONLY), 1) == 1 && code("x") == ENOSPC && code("") == nil)
      var ends: [Int32] = [-1, -1]
      precondition(pipe(&ends) == 0 && dup2(ends[1], 1) == 1)
      close(ends[0])
      precondition(code("x") == EPIPE)
    }
  }

  /// A stream that does not wait, with a reader that takes its time: more than a pipe holds goes through it whole.
  @Test func aStreamThatDoesNotWait() async {
    await #expect(processExitsWith: .success) {
      var ends: [Int32] = [-1, -1]
      precondition(pipe(&ends) == 0 && dup2(ends[1], 1) == 1)
      close(ends[1])
      precondition(fcntl(1, F_SETFL, O_NONBLOCK) == 0)
      let reading = ends[0]
      let done = DispatchSemaphore(value: 0)
      nonisolated(unsafe) var total = 0
      Thread.detachNewThread {
        usleep(100_000)
        var piece = [UInt8](repeating: 0, count: 4096)
        while case let count = read(reading, &piece, piece.count), count > 0 { total += count }
        done.signal()
      }
      try StandardStream.output.write(String(repeating: "x", count: 500_000))
      close(1)
      done.wait()
      precondition(total == 500_000)
    }
  }

  @Test func terminalsThatUnderstandEscapes() async {
    await #expect(processExitsWith: .success) {
      let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
      setenv("TERM", "xterm", 1)
      precondition(dup2(open("/dev/null", O_WRONLY), 2) == 2 && !StandardStream.error.showsEscapes)
      precondition(dup2(terminal, 2) == 2 && StandardStream.error.showsEscapes)
      for name in ["dumb", ""] {
        setenv("TERM", name, 1)
        precondition(!StandardStream.error.showsEscapes)
      }
      unsetenv("TERM")
      precondition(!StandardStream.error.showsEscapes)
    }
  }
}
