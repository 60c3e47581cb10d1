import FileIO

/// Finds the whole sections of a file without its directory (formats/fkv.md §4.6), one after the other.
struct SectionScan {
  private let file: any ByteSource
  private let limits: ReadingLimits
  /// Where the search goes on.
  private var position = 0
  /// A piece of the file, and where it starts.
  private var window: [UInt8] = []
  private var windowStart = 0
  /// Bytes that may still be hashed for sections that turn out to be none. Damaged sections cost their own bytes once, and
  /// chance hardly any; a file made of sync words would cost its size for each.
  private var spare: Int

  init(_ file: any ByteSource, limits: ReadingLimits) {
    self.file = file
    self.limits = limits
    let (product, overflow) = file.byteCount.multipliedReportingOverflow(by: 16)
    spare = overflow ? .max : product
  }

  /// The next section whose hash is right; nil if there is none, or if too many were tried that are none.
  ///
  /// - Throws: `FileError`.
  mutating func next() throws -> SectionEntry? {
    while let start = try nextSyncWord() {
      position = start + 1
      guard file.byteCount - start >= Layout.prefixBytes else { return nil }
      let prefix = try file.read(at: start, count: Layout.prefixBytes)
      let row = DirectoryRow(
        description: SectionDescription(parsing: prefix, at: Layout.syncWord.count), reserved: 0,
        offset: UInt64(start), place: start)
      guard let entry = try? row.entry(at: start, end: file.byteCount, limits: limits, isEncrypted: false) else {
        continue
      }
      if try FKVReader.storedHash(of: entry, in: file) == entry.hash {
        position = start + entry.fileBytes
        return entry
      }
      spare -= entry.fileBytes
      guard spare >= 0 else { return nil }
    }
    return nil
  }

  /// Where the next sync word from `position` on starts.
  private mutating func nextSyncWord() throws -> Int? {
    var place = position
    while file.byteCount - place >= Layout.syncWord.count {
      if place < windowStart || place + Layout.syncWord.count > windowStart + window.count {
        window = try file.read(at: place, count: min(Layout.pieceBytes, file.byteCount - place))
        windowStart = place
      }
      let end = windowStart + window.count - Layout.syncWord.count + 1
      while place < end {
        let i = place - windowStart
        if window[i] == Layout.syncWord[0], window[i..<i + Layout.syncWord.count] == Layout.syncWord[...] {
          return place
        }
        place += 1
      }
    }
    return nil
  }
}
