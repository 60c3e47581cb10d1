/// Random access to a regular file that somebody else may have written: every read is checked against the file's size.
///
/// Safe to use from several threads at once; it keeps no position.
public final class FileReader: Sendable {
  /// The file's path, as it was given.
  public let path: String
  /// The file's size when it was opened.
  public let byteCount: Int
  private let descriptor: Int32

  /// Opens an existing regular file.
  ///
  /// - Throws: `FileError.system` if it cannot be opened, `FileError.notRegular` for folders, devices and pipes.
  public init(path: String) throws {
    let descriptor = System.openFile(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError.system(operation: "open", path: path, code: errno) }
    var status = stat()
    guard System.inspect(descriptor, path: path, into: &status) == 0 else {
      let code = errno
      close(descriptor)
      throw FileError.system(operation: "inspect", path: path, code: code)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileError.notRegular(path: path)
    }
    self.path = path
    self.byteCount = Int(status.st_size)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// The permission bits of the file's mode: 0o600 for one that only its owner may read and write.
  ///
  /// - Throws: `FileError.system` if the system does not say.
  public var permissions: Int {
    get throws {
      var status = stat()
      guard System.inspect(descriptor, path: path, into: &status) == 0 else {
        throw FileError.system(operation: "inspect", path: path, code: errno)
      }
      return Int(status.st_mode & 0o777)
    }
  }

  /// `count` bytes at `offset`.
  ///
  /// - Throws: `FileError.beyondEnd` before anything is allocated if the file does not hold them,
  ///   `FileError.shortened` if it shrank meanwhile, `FileError.system` if reading failed.
  public func read(at offset: Int, count: Int) throws -> [UInt8] {
    try check(offset: offset, count: count)
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try fill(UnsafeMutableRawBufferPointer(buffer), at: offset)
      initialized = count
    }
  }

  /// Fills `target` with the bytes at `offset`; throws as `read(at:count:)` does.
  public func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try check(offset: offset, count: target.count)
    try fill(target, at: offset)
  }

  private func check(offset: Int, count: Int) throws {
    guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
      throw FileError.beyondEnd(path: path, offset: offset, count: count, fileBytes: byteCount)
    }
  }

  private func fill(_ target: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < target.count {
      let got = System.read(
        descriptor, target.baseAddress! + done, target.count - done, at: offset + done, path: path)
      guard got >= 0 else { throw FileError.system(operation: "read", path: path, code: errno) }
      guard got > 0 else {
        throw FileError.shortened(path: path, offset: offset, expected: target.count, found: done)
      }
      done += got
    }
  }
}
