extension TemporaryEntry {
  /// Removes the entries that dead processes left in a folder.
  ///
  /// Only what is named as entries are, belongs to this user, is a regular file or a folder, and has a lock that nobody
  /// holds. Holding that lock, this process is the only one that may remove it, whoever else sweeps. What cannot be
  /// read, locked or removed stays; nothing of this is an error. Entries of this process stay, locked or not.
  static func removeStale(in folder: String) {
    guard let names = try? FolderReader.names(in: folder) else { return }
    for name in names where name.hasPrefix(".") && name.hasSuffix(ending) {
      let path = "\(folder)/\(name)"
      if !isLiving(path) { removeIfStale(path) }
    }
  }

  private static func removeIfStale(_ path: String) {
    var found = stat()
    guard lstat(path, &found) == 0, found.st_uid == geteuid() else { return }
    let kind: Kind
    switch found.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .folder
    default: return
    }
    // Locks of network file systems ask for a file that is open for writing.
    let access = kind == .file ? O_WRONLY | O_NONBLOCK : O_RDONLY | O_DIRECTORY
    let descriptor = System.openFile(path, access | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { System.closeLocked(descriptor) }
    guard System.lock(descriptor, path: path) == 0, isSame(descriptor, path) else { return }
    remove(kind, path)
  }
}
