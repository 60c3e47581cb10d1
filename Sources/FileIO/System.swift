#if canImport(Glibc)
  @_exported import Glibc
#elseif canImport(Musl)
  @_exported import Musl
#else
  @_exported import Darwin
#endif

/// What the system says of an errno value: "No space left on device".
func systemMessage(_ code: Int32) -> String {
  guard let text = strerror(code) else { return "error \(code)" }
  return String(cString: text)
}

/// Calls `body` until it stops failing with EINTR.
func retryingInterrupts<Result: SignedInteger>(_ body: () -> Result) -> Result {
  while true {
    let result = body()
    if result != -1 || errno != EINTR { return result }
  }
}

/// The system calls below every file, each called again after EINTR and each a place where a test can put a failure
/// (`FaultPlan`). They return what the call of C returns, and leave its errno.
enum System {
  static func openFile(_ path: String, _ flags: Int32, mode: mode_t = 0) -> Int32 {
    retryingInterrupts { FaultPlan.passing(.open, path) { _ in open(path, flags, mode) } }
  }

  /// What lies under a path, links followed.
  static func inspect(_ path: String, into status: inout stat) -> Int32 {
    retryingInterrupts { FaultPlan.passing(.inspect, path) { _ in stat(path, &status) } }
  }

  /// What an open file is.
  static func inspect(_ descriptor: Int32, path: String, into status: inout stat) -> Int32 {
    retryingInterrupts { FaultPlan.passing(.inspect, path) { _ in fstat(descriptor, &status) } }
  }

  static func read(
    _ descriptor: Int32, _ target: UnsafeMutableRawPointer, _ count: Int, at offset: Int, path: String
  ) -> Int {
    retryingInterrupts {
      FaultPlan.passing(.read, path, count: count) { pread(descriptor, target, $0, off_t(offset)) }
    }
  }

  static func write(_ descriptor: Int32, _ source: UnsafeRawPointer, _ count: Int, at offset: Int, path: String) -> Int
  {
    retryingInterrupts {
      FaultPlan.passing(.write, path, count: count) { pwrite(descriptor, source, $0, off_t(offset)) }
    }
  }

  /// Writes all of a buffer.
  ///
  /// - Throws: `FileError.system` about `target`, the name that the user knows the file by.
  static func writeAll(
    _ buffer: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int, path: String, target: String
  ) throws {
    var done = 0
    while done < buffer.count {
      let wrote = write(descriptor, buffer.baseAddress! + done, buffer.count - done, at: offset + done, path: path)
      guard wrote > 0 else {
        // A write of no bytes without an error is how some file systems say that they are full.
        throw FileError.system(operation: "write", path: target, code: wrote < 0 ? errno : ENOSPC)
      }
      done += wrote
    }
  }

  static func sync(_ descriptor: Int32, path: String) -> Int32 {
    retryingInterrupts { FaultPlan.passing(.sync, path) { _ in fsync(descriptor) } }
  }

  static func truncate(_ descriptor: Int32, to count: Int, path: String) -> Int32 {
    retryingInterrupts { FaultPlan.passing(.truncate, path) { _ in ftruncate(descriptor, off_t(count)) } }
  }

  static func renameEntry(_ path: String, to target: String) -> Int32 {
    retryingInterrupts { FaultPlan.passing(.rename, target) { _ in rename(path, target) } }
  }

  static func removeFile(_ path: String) -> Int32 {
    retryingInterrupts { FaultPlan.passing(.remove, path) { _ in unlink(path) } }
  }

  static func removeFolder(_ path: String) -> Int32 {
    retryingInterrupts { FaultPlan.passing(.remove, path) { _ in rmdir(path) } }
  }

  static func makeFolder(_ path: String, mode: mode_t) -> Int32 {
    retryingInterrupts { FaultPlan.passing(.makeFolder, path) { _ in mkdir(path, mode) } }
  }

  /// Takes the lock of an open file for this opening of it, without waiting.
  static func lock(_ descriptor: Int32, path: String) -> Int32 {
    retryingInterrupts { FaultPlan.passing(.lock, path) { _ in flock(descriptor, LOCK_EX | LOCK_NB) } }
  }

  /// Closes a file that was locked. A child that another thread is just starting has a copy of the descriptor until it
  /// runs its program, and a lock lasts until its last copy is closed; so the lock is given back first.
  static func closeLocked(_ descriptor: Int32) {
    _ = flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// Makes a folder's entries durable.
  ///
  /// - Returns: 0, also where the folder cannot be opened or its file system has no such call; -1 with errno else.
  static func syncFolder(_ path: String) -> Int32 {
    let folder = openFile(path, O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return 0 }
    defer { close(folder) }
    guard sync(folder, path: path) != 0 else { return 0 }
    let code = errno
    guard code != EINVAL, code != ENOTSUP, code != ENOSYS, code != EBADF else { return 0 }
    errno = code
    return -1
  }

  /// The folder of a path: everything before its last `/`, or `.`.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
