/// A file that appears whole or not at all.
///
/// Bytes go to a temporary file beside the target (`.NAME.PID-N.fkv-partial`, mode 0600); `commit()` syncs it, renames
/// it over the target and syncs the folder. Without `commit()` the temporary is removed and the target stays as it was.
public final class AtomicFile {
  public let path: String
  /// Bytes appended so far; the offset of the next `append`.
  public private(set) var byteCount = 0
  private let temporaryPath: String
  private let descriptor: Int32
  private var isOpen = true

  /// Opens a new temporary beside `path`.
  ///
  /// - Throws: `FileError.system` if the folder is missing or not writable, or `path` is a folder.
  public init(path: String) throws {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw FileError.system(operation: "write", path: path, code: EISDIR)
    }
    let folder = Self.folder(of: path)
    let name = path.split(separator: "/", omittingEmptySubsequences: true).last.map(String.init) ?? path
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

  /// Replaces bytes that were appended before.
  public func overwrite(_ bytes: some ContiguousBytesSequence, at offset: Int) throws {
    try bytes.withRawBytes { buffer in
      precondition(offset >= 0 && offset + buffer.count <= byteCount, "overwrites what was not written yet")
      try write(buffer, at: offset)
    }
  }

  /// Makes the file durable under its name.
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
      guard wrote >= 0 else { throw failure("write") }
      done += wrote
    }
  }

  private func failure(_ operation: String) -> FileError {
    FileError.system(operation: operation, path: path, code: errno)
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

/// Bytes that lie in one piece: arrays, slices and buffers of any trivial element.
public protocol ContiguousBytesSequence {
  func withRawBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

extension Array: ContiguousBytesSequence {
  public func withRawBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withUnsafeBytes(body)
  }
}

extension ArraySlice: ContiguousBytesSequence {
  public func withRawBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withUnsafeBytes(body)
  }
}

extension UnsafeRawBufferPointer: ContiguousBytesSequence {
  public func withRawBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try body(self)
  }
}
