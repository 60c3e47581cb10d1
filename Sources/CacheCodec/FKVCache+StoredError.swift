import FKVFormat

extension FKVCache {
  /// Writes the same file with another stored error at `path`, which may be the file's own; sections are copied byte for
  /// byte. Returns the bytes of the whole file.
  ///
  /// - Throws: `FormatError` if a section is damaged, `FileError`.
  public func write(storedError: StoredError?, to path: String) throws -> Int {
    let file = try FKVWriter(path: path)
    for entry in reader.sections where entry.kind != .header { try file.copySection(from: reader, entry) }
    var header = header
    header.storedError = storedError
    return try file.commit(header: header.record)
  }
}
