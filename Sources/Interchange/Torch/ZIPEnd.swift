import FileIO

/// The end of a ZIP archive: where its directory lies, and how many entries it has.
struct ZIPEnd {
  let directory: Range<Int>
  let count: Int

  /// Finds the record at the end of the file, which a comment of up to 65535 bytes may follow.
  ///
  /// - Throws: `ForeignError.notThisFormat` if there is none, `ForeignError.invalid` if it points nowhere.
  init(_ reader: FileReader) throws {
    let path = reader.path
    let tail = min(reader.byteCount, 22 + 65_535)
    let bytes = try reader.read(at: reader.byteCount - tail, count: tail)
    let found = stride(from: tail - 22, through: 0, by: -1).first { start in
      bytes[start..<start + 4].elementsEqual([0x50, 0x4B, 5, 6])
        && start + 22 + Int(bytes[start + 20]) + Int(bytes[start + 21]) << 8 == tail
    }
    guard tail >= 22, let found else {
      throw ForeignError.notThisFormat(
        path: path, format: "a whole ZIP archive", reason: "no directory at its end, as if it was cut short")
    }
    let base = reader.byteCount - tail
    var cursor = ByteCursor(Array(bytes[(found + 10)...]), path: path, base: base + found, fileBytes: reader.byteCount)
    var count = Int(try cursor.integer(UInt16.self, "ZIP end"))
    var size = Int(try cursor.integer(UInt32.self, "ZIP end"))
    var start = Int(try cursor.integer(UInt32.self, "ZIP end"))
    var limit = base + found
    // The ZIP64 locator stands right before, and its record holds what does not fit; torch writes both always.
    if limit >= 20, case let locator = try reader.read(at: limit - 20, count: 20),
      locator.starts(with: [0x50, 0x4B, 6, 7])
    {
      var fields = ByteCursor(Array(locator[8..<16]), path: path, base: limit - 12, fileBytes: reader.byteCount)
      let record = try fields.size("ZIP64 locator")
      guard record <= limit - 20 - 56 else {
        throw ForeignError.truncated(
          path: path, what: "ZIP64 end", offset: record, wanted: 56, fileBytes: reader.byteCount)
      }
      var end = ByteCursor(
        try reader.read(at: record, count: 56), path: path, base: record, fileBytes: reader.byteCount)
      guard try end.integer(UInt32.self, "ZIP64 end") == 0x0606_4B50 else {
        throw ForeignError.invalid(path: path, what: "ZIP64 end", expected: "its signature", found: "other bytes")
      }
      try end.skip(28, "ZIP64 end")
      count = try end.size("ZIP64 end")
      size = try end.size("ZIP64 end")
      start = try end.size("ZIP64 end")
      limit = record
    }
    guard start <= limit, size == limit - start, count <= size / 46 else {
      throw ForeignError.invalid(
        path: path, what: "ZIP directory", expected: "\(count) entries before byte \(limit)",
        found: "\(size) bytes at \(start)")
    }
    directory = start..<start + size
    self.count = count
  }
}
