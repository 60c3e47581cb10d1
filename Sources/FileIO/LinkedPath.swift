/// Where a path leads.
public enum LinkedPath {
  /// The path that the symbolic links of a path's last part end at: that of the file itself, or of the one that is yet
  /// to be made where the last link dangles. A path that is no link comes back as it is.
  ///
  /// - Throws: `FileError.system` with ELOOP for links in a circle; `FileError.notRegular` for links that lead to what
  ///   has no path, such as `/proc/self/fd/1` of a removed file.
  public static func end(of path: String) throws -> String {
    var end = path
    for _ in 0..<40 {
      guard let link = destination(of: end) else {
        guard end == path || FileIdentity(path: path) == FileIdentity(path: end) else {
          throw FileError.notRegular(path: path)
        }
        return end
      }
      end = link.hasPrefix("/") ? link : "\(System.folder(of: end))/\(link)"
    }
    throw FileError.system(operation: "write", path: path, code: ELOOP)
  }

  /// The folder that the file at a path lies in, or will lie in, links followed; throws as `end(of:)` does.
  public static func folder(of path: String) throws -> String { System.folder(of: try end(of: path)) }

  /// What a symbolic link holds; nil for what is none.
  private static func destination(of path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX) + 1) { buffer in
      let count = readlink(path, buffer.baseAddress!, buffer.count - 1)
      guard count > 0 else { return nil }
      buffer[count] = 0
      return String(cString: buffer.baseAddress!)
    }
  }
}
