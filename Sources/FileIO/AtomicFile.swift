/// A file that appears whole or not at all.
///
/// Bytes go to a temporary file next to the target (`.NAME.PID-N.fkv-partial`); `commit()` syncs it, renames it over the
/// target and syncs the folder. Without `commit()` the temporary is removed and the target stays as it was. What a
/// process that died left in the folder is removed when the next one opens a file there.
///
/// The file has mode 0600 less what the umask takes, whatever a target that it replaces had: what fkv writes tells of
/// somebody's prompt. A target that is a symbolic link is written through: the temporary lies next to the file that the
/// link leads to, which is replaced or made, and the link stays. A target that may not be written is replaced too: the
/// right to do so is the folder's.
///
/// Not safe to use from several threads at once.
public final class AtomicFile {
  /// The target, as it was given.
  public let path: String
  /// Bytes appended so far; the offset of the next `append`.
  public private(set) var byteCount = 0
  /// Where the target's links lead.
  private let end: String
  private let temporary: TemporaryEntry
  private var isOpen = true

  /// Opens a new temporary next to `path`, or next to what it links to.
  ///
  /// - Throws: `FileError.system` if the folder is missing or not writable, `path` is a folder or no name at all;
  ///   `FileError.notRegular` if it is a device or pipe, which a rename would replace by a file; links in a circle.
  public init(path: String) throws {
    try Self.checkTarget(path)
    end = try LinkedPath.end(of: path)
    temporary = try TemporaryEntry(
      .file, in: System.folder(of: end), name: end.split(separator: "/").last.map(String.init) ?? end, target: path)
    self.path = path
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
  ///   removed, here or at the end of the object's life, and the target is as it was. Only where the operation is
  ///   "sync the folder of" is the target the new file, whole, but perhaps not after a loss of power.
  public func commit() throws {
    precondition(isOpen, "committed or discarded before")
    guard System.sync(temporary.descriptor, path: temporary.path) == 0 else { throw failure("sync") }
    isOpen = false
    guard temporary.move(to: end) == 0 else {
      let error = failure("rename to")
      temporary.remove()
      throw error
    }
    guard System.syncFolder(System.folder(of: end)) == 0 else { throw failure("sync the folder of") }
  }

  /// Removes the temporary; nothing happens after `commit()` or a second call.
  public func discard() {
    guard isOpen else { return }
    isOpen = false
    temporary.remove()
  }

  private func write(_ buffer: UnsafeRawBufferPointer, at offset: Int) throws {
    precondition(isOpen, "committed or discarded before")
    try System.writeAll(buffer, to: temporary.descriptor, at: offset, path: temporary.path, target: path)
  }

  private func failure(_ operation: String) -> FileError {
    FileError.system(operation: operation, path: path, code: errno)
  }

  private static func checkTarget(_ path: String) throws {
    guard !path.isEmpty else { throw FileError.system(operation: "write", path: path, code: ENOENT) }
    var status = stat()
    let exists = System.inspect(path, into: &status) == 0
    if path.hasSuffix("/") || exists && status.st_mode & S_IFMT == S_IFDIR {
      throw FileError.system(operation: "write", path: path, code: EISDIR)
    }
    guard !exists || status.st_mode & S_IFMT == S_IFREG else { throw FileError.notRegular(path: path) }
  }
}
