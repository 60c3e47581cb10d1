/// The bytes of an input that is read once, from its start to its end: a regular file, a pipe (`<(…)`), a FIFO, a
/// terminal, standard input.
public struct InputBytes: Sendable {
  /// The most bytes that are taken of an input whose size nobody knows before: 1 GiB.
  public static let streamLimit = 1 << 30

  public var bytes: [UInt8]
  /// What messages call it: its path, or `standard input`.
  public var source: String
  /// The permission bits of a file or pipe that has a path; nil for devices and standard input.
  public var permissions: Int?

  /// Reads an input; waits for who writes to a pipe.
  ///
  /// - Parameters:
  ///   - path: `-`, `/dev/stdin` and `/dev/fd/0` are standard input.
  ///   - limit: where to stop; nil takes all, of what is no regular file `streamLimit` at most.
  /// - Throws: `FileError.system` if it cannot be opened or read, `FileError.notRegular` for folders, sockets and disks,
  ///   `FileError.tooLong` for what does not end, without a limit.
  public init(path: String, limit: Int? = nil) throws {
    if Self.isStandardInput(path) {
      (source, permissions) = (StandardStream.input.name, nil)
      bytes = try Self.drain(StandardStream.input.rawValue, source, limit: limit)
      return
    }
    source = path
    var status = stat()
    let kind = System.inspect(path, into: &status) == 0 ? status.st_mode & S_IFMT : S_IFREG
    guard kind == S_IFIFO || kind == S_IFCHR else {
      let file = try FileReader(path: path)
      bytes = try file.read(at: 0, count: min(file.byteCount, limit ?? file.byteCount))
      permissions = try file.permissions
      return
    }
    let descriptor = System.openFile(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw FileError.system(operation: "open", path: path, code: errno) }
    defer { close(descriptor) }
    bytes = try Self.drain(descriptor, path, limit: limit)
    permissions = kind == S_IFIFO ? Int(status.st_mode & 0o777) : nil
  }

  /// Whether a path stands for standard input.
  public static func isStandardInput(_ path: String) -> Bool { ["-", "/dev/stdin", "/dev/fd/0"].contains(path) }

  /// What comes from a descriptor, to its end or `limit`.
  private static func drain(_ descriptor: Int32, _ source: String, limit: Int?) throws -> [UInt8] {
    let most = limit ?? streamLimit
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      // Without a limit, one byte beyond the most tells that there is more.
      let wanted = min(piece.count, most - bytes.count + (limit == nil ? 1 : 0))
      let count = wanted == 0 ? 0 : retryingInterrupts { read(descriptor, &piece, wanted) }
      if count < 0 && errno == EAGAIN {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&waiting, 1, -1)
        continue
      }
      guard count >= 0 else { throw FileError.system(operation: "read", path: source, code: errno) }
      guard count > 0 else { return bytes }
      bytes += piece[..<count]
      guard bytes.count <= most else { throw FileError.tooLong(path: source, limit: most) }
    }
  }
}
