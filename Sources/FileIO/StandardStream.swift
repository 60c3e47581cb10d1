/// The three streams that a process is started with, by their descriptors. Nothing here traps on one that is full,
/// closed or broken.
public enum StandardStream: Int32, CaseIterable, Sendable {
  case input, output, error

  /// What messages call it.
  public var name: String {
    switch self {
    case .input: "standard input"
    case .output: "standard output"
    case .error: "standard error"
    }
  }

  /// Takes the descriptors of streams that the process was started without, so that no file, and no pipe of its own, is
  /// opened as one of them. Reading such an input and writing such an output fails as before, with EBADF; what goes to
  /// such a standard error is lost. Call it before anything is opened.
  public static func occupyClosed() {
    for stream in allCases where fcntl(stream.rawValue, F_GETFD) == -1 && errno == EBADF {
      // Open the wrong way round; the lowest free descriptor is the stream's.
      let access = stream == .input ? O_WRONLY : stream == .output ? O_RDONLY : O_RDWR
      if open("/dev/null", access) < 0 { _ = open("/", O_RDONLY) }
    }
  }

  /// Whether it is a terminal that understands escape codes: not one that `TERM` calls `dumb`, or that it does not name.
  public var showsEscapes: Bool {
    guard isatty(rawValue) == 1, let name = getenv("TERM").map({ String(cString: $0) }) else { return false }
    return !name.isEmpty && name != "dumb"
  }

  /// Writes all of a text; a stream that is set not to wait is waited for.
  ///
  /// - Throws: `FileError.system` about `name`: ENOSPC for a full disk, EPIPE for a reader that went away where SIGPIPE is
  ///   ignored, EBADF for a closed stream.
  public func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { buffer in
      var done = 0
      while done < buffer.count {
        let count = retryingInterrupts { writeSome(rawValue, buffer.baseAddress! + done, buffer.count - done) }
        if count > 0 {
          done += count
        } else if count < 0 && errno == EAGAIN {
          var waiting = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
          _ = poll(&waiting, 1, -1)
        } else {
          throw FileError.system(operation: "write", path: name, code: count < 0 ? errno : ENOSPC)
        }
      }
    }
  }
}

/// `write` of C, whose name the method above has taken.
private func writeSome(_ descriptor: Int32, _ source: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, source, count)
}
