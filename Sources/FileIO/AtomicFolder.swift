/// A folder of files that appears whole or not at all.
///
/// Files are written in a temporary folder beside the target (`.NAME.PID-N.fkv-partial`, mode 0700); `commit()` syncs
/// them and renames the folder. Without `commit()` the temporary is removed. A target that is an empty folder is
/// replaced; one with anything in it is refused, since its files would be lost.
///
/// Not safe to use from several threads at once.
public final class AtomicFolder {
  /// The target, as it was given.
  public let path: String
  private let temporaryPath: String
  private var names: Set<String> = []
  private var isOpen = true

  /// Makes a temporary folder beside `path`.
  ///
  /// - Throws: `FileError.system` if `path` is a file or a folder that is not empty, or its own folder is missing or
  ///   not writable.
  public init(path: String) throws {
    var target = path
    while target.count > 1, target.hasSuffix("/") { target.removeLast() }
    if FolderReader.isFolder(target) {
      guard try FolderReader.names(in: target).isEmpty else {
        throw FileError.system(operation: "write", path: path, code: ENOTEMPTY)
      }
    } else if access(target, F_OK) == 0 {
      throw FileError.system(operation: "write", path: path, code: EEXIST)
    }
    let folder = target.lastIndex(of: "/").map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
    let name = String((target.split(separator: "/").last ?? "folder").prefix(60))
    var attempt = 0
    while true {
      let candidate = "\(folder)/.\(name).\(getpid())-\(attempt).fkv-partial"
      if mkdir(candidate, 0o700) == 0 {
        self.path = target
        temporaryPath = candidate
        return
      }
      guard errno == EEXIST, attempt < 1000 else {
        throw FileError.system(operation: "write", path: path, code: errno)
      }
      attempt += 1
    }
  }

  deinit { discard() }

  /// Adds bytes at the end of the file `name`, which begins with its first bytes.
  ///
  /// `name` has no `/`. The file is open during the call only, so that there may be any number of them.
  ///
  /// - Throws: `FileError.system` if the disk is full or fails.
  public func append(_ bytes: some ContiguousBytesSequence, to name: String) throws {
    precondition(isOpen && !name.isEmpty && !name.contains("/") && name != "." && name != "..", "not a file's name")
    let file = "\(temporaryPath)/\(name)"
    let flags = O_WRONLY | O_APPEND | O_CLOEXEC | (names.insert(name).inserted ? O_CREAT | O_EXCL : 0)
    let descriptor = retryingInterrupts { open(file, flags, 0o600) }
    guard descriptor >= 0 else { throw FileError.system(operation: "write", path: path, code: errno) }
    defer { close(descriptor) }
    try bytes.withRawBytes { buffer in
      var done = 0
      while done < buffer.count {
        let wrote = retryingInterrupts { write(descriptor, buffer.baseAddress! + done, buffer.count - done) }
        guard wrote > 0 else {
          throw FileError.system(operation: "write", path: path, code: wrote < 0 ? errno : ENOSPC)
        }
        done += wrote
      }
    }
  }

  /// Makes the folder durable under its name.
  ///
  /// Traps after `commit()` or `discard()`.
  ///
  /// - Throws: `FileError.system` if the disk fails or the target was filled meanwhile; the temporary is removed then.
  public func commit() throws {
    precondition(isOpen, "committed or discarded before")
    for name in names.sorted() { try sync("\(temporaryPath)/\(name)") }
    try sync(temporaryPath)
    guard rename(temporaryPath, path) == 0 else {
      let code = errno
      discard()
      throw FileError.system(operation: "rename to", path: path, code: code)
    }
    isOpen = false
  }

  /// Removes the temporary; nothing happens after `commit()` or a second call.
  public func discard() {
    guard isOpen else { return }
    isOpen = false
    for name in names { unlink("\(temporaryPath)/\(name)") }
    rmdir(temporaryPath)
  }

  private func sync(_ file: String) throws {
    let descriptor = retryingInterrupts { open(file, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw FileError.system(operation: "sync", path: path, code: errno) }
    defer { close(descriptor) }
    guard retryingInterrupts({ fsync(descriptor) }) == 0 else {
      throw FileError.system(operation: "sync", path: path, code: errno)
    }
  }
}
