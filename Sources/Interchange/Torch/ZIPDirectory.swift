import FileIO

/// The table of contents of a ZIP archive whose entries are stored as they are, as `torch.save` writes them.
///
/// Every entry is checked against the file: its own header lies where the directory says, has the same name, and its
/// bytes end before the directory begins; no two entries share bytes. Compressed and encrypted entries are refused.
/// Sizes above 4 GiB (ZIP64) are read.
struct ZIPDirectory: Sendable {
  /// One file of the archive.
  struct Entry: Hashable, Sendable {
    var name: String
    /// Where its bytes lie in the archive.
    var range: Range<Int>
  }

  let path: String
  /// In the order of the directory.
  let entries: [Entry]
  private let reader: FileReader
  private let byName: [String: Int]

  /// Opens an archive and checks its directory; entries are read on demand.
  ///
  /// - Throws: `ForeignError.notThisFormat` if there is no directory at the end, other `ForeignError`s for what it
  ///   declares, `FileError`.
  init(path: String) throws {
    let reader = try FileReader(path: path)
    let ends = try ZIPEnd(reader)
    let bytes = try reader.read(at: ends.directory.lowerBound, count: ends.directory.count)
    var cursor = ByteCursor(bytes, path: path, base: ends.directory.lowerBound, fileBytes: reader.byteCount)
    var entries: [Entry] = []
    for _ in 0..<ends.count { entries.append(try Self.entry(&cursor, reader, limit: ends.directory.lowerBound)) }
    guard cursor.isAtEnd else {
      throw ForeignError.invalid(
        path: path, what: "ZIP directory", expected: "\(ends.count) entries in \(bytes.count) bytes",
        found: "\(cursor.offset) bytes")
    }
    var byName: [String: Int] = [:]
    for (index, entry) in entries.enumerated() where byName.updateValue(index, forKey: entry.name) != nil {
      throw ForeignError.invalid(
        path: path, what: "ZIP directory", expected: "each name once", found: "\"\(entry.name)\" twice")
    }
    var end = 0
    for entry in entries.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      guard entry.range.lowerBound >= end else {
        throw ForeignError.invalid(
          path: path, what: "ZIP entry \"\(entry.name)\"", expected: "bytes of its own",
          found: "an overlap at \(entry.range.lowerBound)")
      }
      end = entry.range.upperBound
    }
    self.path = path
    self.reader = reader
    self.entries = entries
    self.byName = byName
  }

  /// The entry of that name.
  ///
  /// - Throws: `ForeignError.missing`.
  func entry(_ name: String) throws -> Entry {
    guard let index = byName[name] else { throw ForeignError.missing(path: path, what: "ZIP entry \"\(name)\"") }
    return entries[index]
  }

  /// Whether there is an entry of that name.
  func has(_ name: String) -> Bool { byName[name] != nil }

  /// The bytes `range` of an entry, counted from its first; the range must lie within it.
  func read(_ entry: Entry, _ range: Range<Int>) throws -> [UInt8] {
    precondition(range.lowerBound >= 0 && range.upperBound <= entry.range.count, "beyond the entry")
    return try reader.read(at: entry.range.lowerBound + range.lowerBound, count: range.count)
  }

  private static func entry(_ cursor: inout ByteCursor, _ reader: FileReader, limit: Int) throws -> Entry {
    let path = reader.path
    let start = cursor.offset
    guard try cursor.integer(UInt32.self, "ZIP directory") == 0x0201_4B50 else {
      throw ForeignError.invalid(
        path: path, what: "ZIP directory", expected: "an entry", found: "other bytes at \(cursor.base + start)")
    }
    try cursor.skip(4, "ZIP directory")
    let flags = try cursor.integer(UInt16.self, "ZIP directory")
    let method = try cursor.integer(UInt16.self, "ZIP directory")
    try cursor.skip(8, "ZIP directory")
    var stored = Int(try cursor.integer(UInt32.self, "ZIP directory"))
    var size = Int(try cursor.integer(UInt32.self, "ZIP directory"))
    let nameLength = Int(try cursor.integer(UInt16.self, "ZIP directory"))
    let extraLength = Int(try cursor.integer(UInt16.self, "ZIP directory"))
    let commentLength = Int(try cursor.integer(UInt16.self, "ZIP directory"))
    try cursor.skip(8, "ZIP directory")
    var header = Int(try cursor.integer(UInt32.self, "ZIP directory"))
    let nameBytes = try cursor.bytes(nameLength, "ZIP directory")
    guard let name = String(validating: nameBytes, as: UTF8.self) else {
      throw ForeignError.invalid(path: path, what: "ZIP directory", expected: "names in UTF-8", found: "other bytes")
    }
    try wide(Array(cursor.bytes(extraLength, "ZIP directory")), path, name, &size, &stored, &header)
    try cursor.skip(commentLength, "ZIP directory")
    guard method == 0, flags & 1 == 0, stored == size else {
      throw ForeignError.unsupported(
        path: path, what: "ZIP entry \"\(name)\"", found: flags & 1 == 0 ? "compressed" : "encrypted")
    }
    return Entry(name: name, range: try data(reader, name, nameBytes, header: header, size: size, limit: limit))
  }

  /// Where an entry's bytes lie: after its own header, which is as long as its name and extra field make it.
  private static func data(
    _ reader: FileReader, _ name: String, _ nameBytes: ArraySlice<UInt8>, header: Int, size: Int, limit: Int
  ) throws -> Range<Int> {
    let what = "ZIP entry \"\(name)\""
    guard header >= 0, header <= limit - 30 else {
      throw ForeignError.truncated(
        path: reader.path, what: what, offset: header, wanted: 30, fileBytes: reader.byteCount)
    }
    let fixed = try reader.read(at: header, count: 30)
    let lengths = Array(fixed[26..<30]).littleEndian(as: UInt16.self).map(Int.init)
    let start = header + 30 + lengths[0] + lengths[1]
    guard fixed.starts(with: [0x50, 0x4B, 3, 4]), lengths[0] == nameBytes.count, start <= limit,
      try reader.read(at: header + 30, count: lengths[0])[...] == nameBytes
    else {
      throw ForeignError.invalid(
        path: reader.path, what: what, expected: "its own header at \(header)", found: "something else")
    }
    guard size >= 0, size <= limit - start else {
      throw ForeignError.truncated(
        path: reader.path, what: what, offset: start, wanted: size, fileBytes: reader.byteCount)
    }
    return start..<start + size
  }

  /// Replaces fields that are full of ones by those of the ZIP64 extra field (tag 1), in this order.
  private static func wide(
    _ extra: [UInt8], _ path: String, _ name: String, _ size: inout Int, _ stored: inout Int, _ header: inout Int
  ) throws {
    let full = Int(UInt32.max)
    guard size == full || stored == full || header == full else { return }
    var cursor = ByteCursor(extra, path: path, base: 0, fileBytes: extra.count)
    while !cursor.isAtEnd {
      let tag = try cursor.integer(UInt16.self, "ZIP extra field of \"\(name)\"")
      let length = Int(try cursor.integer(UInt16.self, "ZIP extra field of \"\(name)\""))
      guard tag == 1 else {
        try cursor.skip(length, "ZIP extra field of \"\(name)\"")
        continue
      }
      if size == full { size = try cursor.size("ZIP extra field of \"\(name)\"") }
      if stored == full { stored = try cursor.size("ZIP extra field of \"\(name)\"") }
      if header == full { header = try cursor.size("ZIP extra field of \"\(name)\"") }
      return
    }
    throw ForeignError.missing(path: path, what: "ZIP64 sizes of \"\(name)\"")
  }
}
