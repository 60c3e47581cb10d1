/// A regular file in the address space: reads copy from pages that the system keeps, without a call for each.
///
/// For files that nobody shortens meanwhile, as those of fkv, which are replaced and never cut: a page beyond the end of
/// a file that shrank ends the process (SIGBUS). Files that others may change belong in a `FileReader`.
public final class MappedFile: ByteSource, @unchecked Sendable {
  /// The file's path, as it was given.
  public let name: String
  /// The file's size when it was opened.
  public let byteCount: Int
  private let start: UnsafeMutableRawPointer?

  /// Maps a file.
  ///
  /// - Throws: `FileError.system` if it cannot be opened or mapped, `FileError.notRegular` for folders, devices and pipes.
  public init(path: String) throws {
    let descriptor = System.openFile(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError.system(operation: "open", path: path, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard System.inspect(descriptor, path: path, into: &status) == 0 else {
      throw FileError.system(operation: "inspect", path: path, code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError.notRegular(path: path) }
    name = path
    byteCount = Int(status.st_size)
    // The system maps no empty file.
    guard byteCount > 0 else {
      start = nil
      return
    }
    let mapped = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let mapped, mapped != MAP_FAILED else { throw FileError.system(operation: "map", path: path, code: errno) }
    start = mapped
  }

  deinit {
    if let start { munmap(start, byteCount) }
  }

  /// Copies the bytes from `offset` on; throws `FileError.beyondEnd` if the file had fewer when it was opened.
  public func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try checkRange(offset: offset, count: target.count)
    guard let start, target.count > 0 else { return }
    target.copyMemory(from: UnsafeRawBufferPointer(start: start + offset, count: target.count))
  }
}
