/// A file that only grows: each append is on disk, whole, when it returns.
///
/// One process at a time may have it open for appending; a second one is refused. Not safe to use from several threads
/// at once.
public final class AppendFile {
  /// The path, as it was given.
  public let path: String
  /// The file's size, all appends included.
  public private(set) var byteCount: Int
  private let descriptor: Int32

  /// Opens a file, which is made if it is not there.
  ///
  /// - Throws: `FileError.system` if the folder is missing or the file cannot be written, `FileError.notRegular` for
  ///   folders, devices and pipes, `FileError.inUse` if another process appends to it.
  public init(path: String) throws {
    let opened = retryingInterrupts { open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o644) }
    guard opened >= 0 else { throw FileError.system(operation: "write", path: path, code: errno) }
    let size: Int
    do {
      size = try Self.claim(opened, path: path)
    } catch {
      close(opened)
      throw error
    }
    self.path = path
    descriptor = opened
    byteCount = size
  }

  deinit { close(descriptor) }

  /// Adds bytes at the end and syncs them.
  ///
  /// - Throws: `FileError.system` if the disk is full or fails; the file is then as it was before the call.
  public func append(_ bytes: some ContiguousBytesSequence) throws {
    do {
      let end = try bytes.withRawBytes { try write($0, at: byteCount) }
      guard retryingInterrupts({ fsync(descriptor) }) == 0 else { throw failure("sync", code: errno) }
      byteCount = end
    } catch {
      _ = ftruncate(descriptor, off_t(byteCount))
      throw error
    }
  }

  /// Writes all of a buffer; returns the offset behind it.
  private func write(_ buffer: UnsafeRawBufferPointer, at offset: Int) throws -> Int {
    var done = 0
    while done < buffer.count {
      let wrote = retryingInterrupts {
        pwrite(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      }
      // A write of no bytes without an error is how some file systems say that they are full.
      guard wrote > 0 else { throw failure("write", code: wrote < 0 ? errno : ENOSPC) }
      done += wrote
    }
    return offset + done
  }

  /// Cuts the file to its first `count` bytes.
  ///
  /// - Throws: `FileError.system` if the system refuses.
  public func truncate(to count: Int) throws {
    precondition((0...byteCount).contains(count), "cuts a file to more than it has")
    guard retryingInterrupts({ ftruncate(descriptor, off_t(count)) }) == 0 else {
      throw failure("shorten", code: errno)
    }
    byteCount = count
  }

  private func failure(_ operation: String, code: Int32) -> FileError {
    FileError.system(operation: operation, path: path, code: code)
  }

  /// The size of a regular file, locked for this process.
  private static func claim(_ descriptor: Int32, path: String) throws -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileError.system(operation: "inspect", path: path, code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError.notRegular(path: path) }
    guard retryingInterrupts({ flock(descriptor, LOCK_EX | LOCK_NB) }) == 0 else {
      // File systems without locks take the file as it is.
      guard errno == EWOULDBLOCK else { return Int(status.st_size) }
      throw FileError.inUse(path: path)
    }
    return Int(status.st_size)
  }
}
