/// A file that only grows: each append is on disk, whole, when it returns. A new one has mode 0600.
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
    let opened = System.openFile(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, mode: 0o600)
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

  deinit { System.closeLocked(descriptor) }

  /// Adds bytes at the end and syncs them.
  ///
  /// - Throws: `FileError.system` if the disk is full or fails; the file is then as it was before the call.
  public func append(_ bytes: some ContiguousBytesSequence) throws {
    do {
      let end = try bytes.withRawBytes { buffer in
        try System.writeAll(buffer, to: descriptor, at: byteCount, path: path, target: path)
        return byteCount + buffer.count
      }
      guard System.sync(descriptor, path: path) == 0 else { throw failure("sync", code: errno) }
      byteCount = end
    } catch {
      _ = System.truncate(descriptor, to: byteCount, path: path)
      throw error
    }
  }

  /// Cuts the file to its first `count` bytes.
  ///
  /// - Throws: `FileError.system` if the system refuses.
  public func truncate(to count: Int) throws {
    precondition((0...byteCount).contains(count), "cuts a file to more than it has")
    guard System.truncate(descriptor, to: count, path: path) == 0 else {
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
    guard System.inspect(descriptor, path: path, into: &status) == 0 else {
      throw FileError.system(operation: "inspect", path: path, code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError.notRegular(path: path) }
    guard System.lock(descriptor, path: path) == 0 else {
      // File systems without locks take the file as it is.
      guard errno == EWOULDBLOCK else { return Int(status.st_size) }
      throw FileError.inUse(path: path)
    }
    return Int(status.st_size)
  }
}
