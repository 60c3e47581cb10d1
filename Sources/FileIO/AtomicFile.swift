/// A file that appears whole or not at all.
///
/// Bytes go to a temporary file beside the target (`.NAME.PID-N.fkv-partial`, mode 0600); `commit()` syncs it, renames
/// it over the target and syncs the folder. Without `commit()` the temporary is removed and the target stays as it was.
/// A target that is a symbolic link is replaced itself; what it points to stays.
///
/// Not safe to use from several threads at once.
public final class AtomicFile {
  /// The target, as it was given.
  public let path: String
  /// Bytes appended so far; the offset of the next `append`.
  public private(set) var byteCount = 0
  private let temporaryPath: String
  private let descriptor: Int32
  private var isOpen = true

  /// Opens a new temporary beside `path`.
  ///
  /// - Throws: `FileError.system` if the folder is missing or not writable, `path` is a folder or no name at all;
  ///   `FileError.notRegular` if it is a device or pipe, which a rename would replace by a file.
  public init(path: String) throws {
    try Self.checkTarget(path)
    let folder = Self.folder(of: path)
    let name = Self.shortened(path.split(separator: "/").last.map(String.init) ?? path)
    var attempt = 0
    while true {
      let candidate = "\(folder)/.\(name).\(getpid())-\(attempt).fkv-partial"
      let opened = retryingInterrupts { open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
      if opened >= 0 {
        self.path = path
        temporaryPath = candidate
        descriptor = opened
        return
      }
      guard errno == EEXIST, attempt < 1000 else {
        throw FileError.system(operation: "write", path: path, code: errno)
      }
      attempt += 1
    }
  }

  deinit { discard() }

  /// Adds bytes at the end.
  ///
  /// - Throws: `FileError.system` if the disk is full or fails.
  public func append(_ bytes: some ContiguousBytesSequence) throws {
    try bytes.withRawBytes { buffer in
      try write(buffer, at: byteCount)
      byteCount += buffer.count
    }
  }

  /// Replaces bytes that were appended before; traps beyond them.
  ///
  /// - Throws: `FileError.system` if the disk fails.
  public func overwrite(_ bytes: some ContiguousBytesSequence, at offset: Int) throws {
    try bytes.withRawBytes { buffer in
      precondition(offset >= 0 && offset + buffer.count <= byteCount, "overwrites what was not written yet")
      try write(buffer, at: offset)
    }
  }

  /// Makes the file durable under its name.
  ///
  /// Traps after `commit()` or `discard()`.
  ///
  /// - Throws: `FileError.system` if the disk is full or fails, or the target became a folder; the temporary is then
  ///   removed, here or at the end of the object's life, and the target is as it was.
  public func commit() throws {
    precondition(isOpen, "committed or discarded before")
    guard retryingInterrupts({ fsync(descriptor) }) == 0 else { throw failure("sync") }
    isOpen = false
    guard close(descriptor) == 0 || errno == EINTR else {
      let error = failure("close")
      unlink(temporaryPath)
      throw error
    }
    guard rename(temporaryPath, path) == 0 else {
      let error = failure("rename to")
      unlink(temporaryPath)
      throw error
    }
    let folder = open(Self.folder(of: path), O_RDONLY | O_CLOEXEC)
    if folder >= 0 {
      _ = fsync(folder)
      close(folder)
    }
  }

  /// Removes the temporary; nothing happens after `commit()` or a second call.
  public func discard() {
    guard isOpen else { return }
    isOpen = false
    close(descriptor)
    unlink(temporaryPath)
  }

  private func write(_ buffer: UnsafeRawBufferPointer, at offset: Int) throws {
    precondition(isOpen, "committed or discarded before")
    var done = 0
    while done < buffer.count {
      let wrote = retryingInterrupts {
        pwrite(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      }
      guard wrote > 0 else {
        // A write of no bytes without an error is how some file systems say that they are full.
        throw FileError.system(operation: "write", path: path, code: wrote < 0 ? errno : ENOSPC)
      }
      done += wrote
    }
  }

  private func failure(_ operation: String) -> FileError {
    FileError.system(operation: operation, path: path, code: errno)
  }

  private static func checkTarget(_ path: String) throws {
    guard !path.isEmpty else { throw FileError.system(operation: "write", path: path, code: ENOENT) }
    var status = stat()
    let exists = stat(path, &status) == 0
    if path.hasSuffix("/") || exists && status.st_mode & S_IFMT == S_IFDIR {
      throw FileError.system(operation: "write", path: path, code: EISDIR)
    }
    guard !exists || status.st_mode & S_IFMT == S_IFREG else { throw FileError.notRegular(path: path) }
  }

  /// The name, cut so that the temporary's name stays below the 255 bytes that file systems allow.
  private static func shortened(_ name: String) -> String {
    var name = name
    while name.utf8.count > 200 { name.removeLast() }
    return name
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
