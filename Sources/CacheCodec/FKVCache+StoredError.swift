import FKVFormat
import FileIO

extension FKVCache {
  /// Writes the same file with another stored error at `path`, which may be the file's own; sections are copied byte for
  /// byte, and encrypted anew with its key if the file is. Returns the bytes of the whole file.
  ///
  /// - Throws: `FormatError` if a section is damaged, `FileError`.
  public func write(storedError: StoredError?, to path: String) throws -> Int {
    try write(storedError: storedError, to: FileDestination(path: path))
  }

  /// The same at any destination.
  public func write(storedError: StoredError?, to destination: any ByteDestination) throws -> Int {
    let file = try FKVWriter(to: destination, key: reader.key)
    for entry in reader.sections where entry.kind != .header && entry.kind != .seal {
      try file.copySection(from: reader, entry)
    }
    var header = header
    header.storedError = storedError
    return try file.commit(header: header.record)
  }
}
