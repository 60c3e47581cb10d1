/// What a folder holds, and folders themselves.
public enum FolderReader {
  /// Whether `path` names a folder, symbolic links followed; false where nothing is.
  public static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return System.inspect(path, into: &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Makes the folder (not those above it) unless it is there.
  ///
  /// - Throws: `FileError.system` if it cannot be made, or something else has its name.
  public static func make(_ path: String) throws { try make(path, permissions: 0o777) }

  /// Makes the folder and those above it unless they are there, with permissions that the umask takes from.
  ///
  /// - Throws: `FileError.system` about the first that cannot be made.
  public static func makeAll(_ path: String, permissions: Int = 0o777) throws {
    guard !isFolder(path) else { return }
    let above = System.folder(of: path)
    if above != path { try makeAll(above, permissions: permissions) }
    try make(path, permissions: permissions)
  }

  private static func make(_ path: String, permissions: Int) throws {
    guard System.makeFolder(path, mode: mode_t(permissions)) != 0 else { return }
    let code = errno
    guard code != EEXIST || !isFolder(path) else { return }
    throw FileError.system(operation: "make folder", path: path, code: code)
  }

  /// The names of what lies in the folder, in byte order, without `.` and `..`.
  ///
  /// - Throws: `FileError.system` if it cannot be opened or read.
  public static func names(in path: String) throws -> [String] {
    guard FaultPlan.passing(.list, path, { _ in 0 }) == 0, let stream = opendir(path) else {
      throw FileError.system(operation: "open", path: path, code: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let capacity = MemoryLayout.size(ofValue: entry.pointee.d_name)
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: capacity) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw FileError.system(operation: "read", path: path, code: errno) }
    return names.sorted()
  }
}
