import Synchronization

/// A file or folder that holds bytes until they are complete: `.NAME.PID-N.fkv-partial`, for its owner's eyes only.
///
/// It is locked (`flock`) for as long as it lives. A lock ends with its process, however that ends, so a later run can
/// tell what a dead one left (`removeStale`). File systems without locks leave such files to the user.
final class TemporaryEntry: Sendable {
  enum Kind: Sendable {
    /// Opened for writing, mode 0600.
    case file
    /// Mode 0700.
    case folder
  }

  static let ending = ".fkv-partial"

  let path: String
  let kind: Kind
  let descriptor: Int32
  private let isHeld = Mutex(true)

  /// Makes an entry in `folder`, after removing what dead processes left there.
  ///
  /// - Parameters:
  ///   - name: what the entry is for; its first 200 bytes become part of the name.
  ///   - target: the name that errors are about.
  /// - Throws: `FileError.system` if the folder is missing, not writable or full.
  init(_ kind: Kind, in folder: String, name: String, target: String) throws {
    Self.removeStale(in: folder)
    let stem = "\(folder)/.\(Self.shortened(name)).\(getpid())-"
    for attempt in 0..<1000 {
      let candidate = stem + String(attempt) + Self.ending
      // Made and listed in one step, so that a signal finds every entry that there is.
      let made = Self.living.withLock { living -> Int32? in
        let descriptor = Self.make(kind, candidate)
        if let descriptor { living.insert(candidate) }
        return descriptor
      }
      if let made {
        (self.kind, path, descriptor) = (kind, candidate, made)
        return
      }
      guard errno == EEXIST else { break }
    }
    throw FileError.system(operation: "write", path: target, code: errno)
  }

  deinit { remove() }

  /// Removes the entry, and what is in it; nothing happens if it was removed or moved before.
  func remove() {
    guard release() else { return }
    Self.remove(kind, path)
    Self.living.withLock { _ = $0.remove(path) }
    System.closeLocked(descriptor)
  }

  /// Gives the entry its final name, and its lock up.
  ///
  /// - Returns: what `rename` does; if it fails, the entry is as it was.
  func move(to target: String) -> Int32 {
    guard System.renameEntry(path, to: target) == 0 else { return -1 }
    guard release() else { return 0 }
    Self.living.withLock { _ = $0.remove(path) }
    System.closeLocked(descriptor)
    return 0
  }

  /// Whether this call is the one that lets go.
  private func release() -> Bool {
    isHeld.withLock { held in
      defer { held = false }
      return held
    }
  }

  /// A descriptor of the new entry, locked where there are locks; nil with errno EEXIST if the name is taken, or was
  /// taken away again by another process that came upon it before it was locked.
  private static func make(_ kind: Kind, _ path: String) -> Int32? {
    let descriptor: Int32
    switch kind {
    case .file:
      descriptor = System.openFile(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode: 0o600)
      if descriptor < 0 { return nil }
    case .folder:
      if System.makeFolder(path, mode: 0o700) != 0 { return nil }
      descriptor = System.openFile(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      if descriptor < 0 {
        let code = errno
        _ = System.removeFolder(path)
        errno = code == ENOENT ? EEXIST : code
        return nil
      }
    }
    let isSwept = System.lock(descriptor, path: path) != 0 && errno == EWOULDBLOCK
    guard !isSwept, isSame(descriptor, path) else {
      System.closeLocked(descriptor)
      errno = EEXIST
      return nil
    }
    return descriptor
  }

  static func remove(_ kind: Kind, _ path: String) {
    guard kind == .folder else {
      _ = System.removeFile(path)
      return
    }
    for _ in 0..<8 {
      for name in (try? FolderReader.names(in: path)) ?? [] { _ = System.removeFile("\(path)/\(name)") }
      // Another thread may have added a file meanwhile.
      if System.removeFolder(path) == 0 || errno != ENOTEMPTY { return }
    }
  }

  /// Whether a path still names the open file.
  static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
    var (own, found) = (stat(), stat())
    return fstat(descriptor, &own) == 0 && lstat(path, &found) == 0 && own.st_dev == found.st_dev
      && own.st_ino == found.st_ino
  }

  /// The name, cut so that the entry's name stays below the 255 bytes that file systems allow.
  private static func shortened(_ name: String) -> String {
    var name = name
    while name.utf8.count > 200 { name.removeLast() }
    return name
  }

  /// The entries of this process.
  private static let living = Mutex<Set<String>>([])

  /// Whether a path is that of an entry of this process.
  static func isLiving(_ path: String) -> Bool { living.withLock { $0.contains(path) } }

  /// Removes all entries of this process and ends it by `end`; who asks for a new entry meanwhile waits until then.
  static func removeLiving(then end: () -> Never) -> Never {
    living.withLock { paths in
      for path in paths { remove(FolderReader.isFolder(path) ? .folder : .file, path) }
      end()
    }
  }
}
