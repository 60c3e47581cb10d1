/// Why a file could not be read or written, with what the system said.
public enum FileError: Error, Equatable, Sendable {
  /// The system call named `operation` failed on `path` with `code` (errno).
  case system(operation: String, path: String, code: Int32)
  /// `count` bytes at `offset` were asked of a file that holds `fileBytes`.
  case beyondEnd(path: String, offset: Int, count: Int, fileBytes: Int)
  /// The file became shorter while it was read: the read at `offset` gave `found` of `expected` bytes.
  case shortened(path: String, offset: Int, expected: Int, found: Int)
  /// The path names a folder, device or pipe where a regular file is needed.
  case notRegular(path: String)
  /// An input of unknown size holds more than `limit` bytes.
  case tooLong(path: String, limit: Int)
  /// Another process has the file open to append to it.
  case inUse(path: String)
}

extension FileError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .system(let operation, let path, let code):
      "\(path): cannot \(operation): \(systemMessage(code))"
    case .beyondEnd(let path, let offset, let count, let fileBytes):
      "\(path): wanted \(count) bytes at offset \(offset), but the file has \(fileBytes)"
    case .shortened(let path, let offset, let expected, let found):
      "\(path): changed while it was read: \(found) of \(expected) bytes at offset \(offset)"
    case .notRegular(let path):
      "\(path): not a regular file"
    case .tooLong(let path, let limit):
      "\(path): more than \(limit) bytes"
    case .inUse(let path):
      "\(path): another process is writing to it"
    }
  }
}
