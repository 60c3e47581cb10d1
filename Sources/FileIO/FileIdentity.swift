/// Device and inode: what makes two paths name one file.
struct FileIdentity: Hashable {
  private let device: UInt64
  private let inode: UInt64

  /// nil where the path names nothing; links are followed.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// nil unless the descriptor is open for a file.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    (device, inode) = (UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino))
  }

  /// The folder and name that a file at `path` has, or will have, links followed; nil where the folder is not there.
  static func place(_ path: String) -> Place? {
    guard let end = try? LinkedPath.end(of: path), let folder = FileIdentity(path: System.folder(of: end)) else {
      return nil
    }
    let name = end.lastIndex(of: "/").map { String(end[end.index(after: $0)...]) } ?? end
    return name.isEmpty ? nil : Place(folder: folder, name: name)
  }

  /// A name in a folder.
  struct Place: Equatable {
    let folder: FileIdentity
    let name: String
  }

  /// The folders that the file at `path`, links followed, lies in, up to the root; none where nothing is.
  static func foldersAbove(_ path: String) -> Set<FileIdentity> {
    guard let whole = realpath(path, nil) else { return [] }
    defer { free(whole) }
    var folder = String(cString: whole)
    var found: Set<FileIdentity> = []
    while folder != "/" {
      folder = System.folder(of: folder)
      if let identity = FileIdentity(path: folder) { found.insert(identity) }
    }
    return found
  }
}
