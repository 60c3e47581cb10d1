/// A folder of files that appears whole or not at all.
///
/// Files are written in a temporary folder next to the target (`.NAME.PID-N.fkv-partial`, mode 0700); `commit()` syncs
/// them and renames the folder. Without `commit()` the temporary is removed. A target that is an empty folder is
/// replaced; one with anything in it is refused, since its files would be lost. Files have mode 0600. Links are written
/// through, as `AtomicFile` does.
///
/// Not safe to use from several threads at once.
public final class AtomicFolder {
  /// The target, as it was given.
  public let path: String
  /// Where the target's links lead.
  private let end: String
  private let temporary: TemporaryEntry
  private var sizes: [String: Int] = [:]
  private var isOpen = true

  /// Makes a temporary folder next to `path`.
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
    end = try LinkedPath.end(of: target)
    temporary = try TemporaryEntry(
      .folder, in: System.folder(of: end), name: String(end.split(separator: "/").last ?? "folder"), target: path)
    self.path = target
  }

  deinit { discard() }

  /// Adds bytes at the end of the file `name`, which begins with its first bytes.
  ///
  /// `name` has no `/`. The file is open during the call only, so that there may be any number of them.
  ///
  /// - Throws: `FileError.system` if the disk is full or fails.
  public func append(_ bytes: some ContiguousBytesSequence, to name: String) throws {
    precondition(isOpen && !name.isEmpty && !name.contains("/") && name != "." && name != "..", "not a file's name")
    let file = "\(temporary.path)/\(name)"
    let size = sizes[name]
    let descriptor = System.openFile(
      file, O_WRONLY | O_CLOEXEC | (size == nil ? O_CREAT | O_EXCL : 0), mode: 0o600)
    guard descriptor >= 0 else { throw FileError.system(operation: "write", path: path, code: errno) }
    defer { close(descriptor) }
    sizes[name] = try bytes.withRawBytes { buffer in
      try System.writeAll(buffer, to: descriptor, at: size ?? 0, path: file, target: path)
      return (size ?? 0) + buffer.count
    }
  }

  /// Makes the folder durable under its name.
  ///
  /// Traps after `commit()` or `discard()`.
  ///
  /// - Throws: `FileError.system` if the disk fails or the target was filled meanwhile; the temporary is removed then.
  ///   Where the operation is "sync the folder of", the target is there, whole, but perhaps not after a loss of power.
  public func commit() throws {
    precondition(isOpen, "committed or discarded before")
    for name in sizes.keys.sorted() { try sync("\(temporary.path)/\(name)") }
    try sync(temporary.path)
    guard temporary.move(to: end) == 0 else {
      let code = errno
      discard()
      throw FileError.system(operation: "rename to", path: path, code: code)
    }
    isOpen = false
    guard System.syncFolder(System.folder(of: end)) == 0 else {
      throw FileError.system(operation: "sync the folder of", path: path, code: errno)
    }
  }

  /// Removes the temporary; nothing happens after `commit()` or a second call.
  public func discard() {
    guard isOpen else { return }
    isOpen = false
    temporary.remove()
  }

  private func sync(_ file: String) throws {
    let descriptor = System.openFile(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError.system(operation: "sync", path: path, code: errno) }
    defer { close(descriptor) }
    guard System.sync(descriptor, path: file) == 0 else {
      throw FileError.system(operation: "sync", path: path, code: errno)
    }
  }
}
