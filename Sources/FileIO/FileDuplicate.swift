/// A second name for what a file holds.
public enum FileDuplicate {
  /// Gives what `path` holds, links followed, another name: a hard link where the file system has them, else a copy.
  /// Whatever takes the place of either file leaves the other alone.
  ///
  /// - Throws: `FileError`; nothing is made then, nor where something has that name already.
  public static func make(of path: String, as other: String) throws {
    if linkat(AT_FDCWD, path, AT_FDCWD, other, AT_SYMLINK_FOLLOW) == 0 { return }
    let code = errno
    guard [EXDEV, EPERM, ENOTSUP, EMLINK].contains(code) else {
      throw FileError.system(operation: "link", path: other, code: code)
    }
    let source = try FileReader(path: path)
    let copy = try AtomicFile(path: other)
    while copy.byteCount < source.byteCount {
      try copy.append(source.read(at: copy.byteCount, count: min(1 << 20, source.byteCount - copy.byteCount)))
    }
    try copy.commit()
  }
}
