extension Prologue {
  /// The prologue of a file of `fileBytes` bytes that starts with `bytes`, checked as far as it can be by itself, in
  /// the order of formats/fkv.md §3.3. The hash is not checked here: it takes the rest of the metadata.
  ///
  /// - Parameter bytes: the file's first 64 bytes, or all it has.
  init(parsing bytes: [UInt8], fileBytes: Int, limits: ReadingLimits) throws {
    try Self.checkMagic(bytes)
    guard bytes.count >= Layout.prologueBytes else {
      throw FormatError.prologueTruncated(fileBytes: bytes.count, expected: Layout.prologueBytes)
    }
    version = bytes.integer(at: 8)
    guard version == Layout.version else {
      throw FormatError.unsupportedVersion(version, supported: Layout.version)
    }
    requiredFeatures = RequiredFeatures(rawValue: bytes.integer(at: 12))
    let unknown = requiredFeatures.subtracting(.known)
    guard unknown.isEmpty else { throw FormatError.unknownFeatures(unknown: unknown) }
    optionalFeatures = OptionalFeatures(rawValue: bytes.integer(at: 16))
    reserved = bytes.integer(at: Self.offsetOfReserved)
    self.fileBytes = bytes.integer(at: 24)
    headerOffset = bytes.integer(at: Self.offsetOfHeaderOffset)
    headerBytes = bytes.integer(at: 40)
    directoryBytes = bytes.integer(at: 44)
    directoryOffset = bytes.integer(at: Self.offsetOfDirectoryOffset)
    hash = bytes.integer(at: Self.offsetOfHash)
    guard reserved == 0 else {
      throw FormatError.prologueField(
        "reserved", offset: Self.offsetOfReserved, found: UInt64(reserved), expected: 0)
    }
    guard self.fileBytes == UInt64(fileBytes) else {
      throw FormatError.fileSize(declared: self.fileBytes, found: UInt64(fileBytes))
    }
    try checkSizes(limits)
    try checkPlaces()
  }

  /// Number of sections, the header's among them.
  var sectionCount: Int { Int(directoryBytes) / Layout.rowBytes }

  private static func checkMagic(_ bytes: [UInt8]) throws {
    let start = Array(bytes.prefix(Layout.magic.count))
    if start == Layout.magic { return }
    guard start.count >= 4, start.prefix(4) == Layout.magic.prefix(4) else {
      throw FormatError.notFKV(found: start)
    }
    guard bytes.count >= Layout.magic.count else {
      throw FormatError.prologueTruncated(fileBytes: bytes.count, expected: Layout.prologueBytes)
    }
    throw FormatError.mangledMagic(found: start)
  }

  private func checkSizes(_ limits: ReadingLimits) throws {
    guard directoryBytes > 0, Int(directoryBytes).isMultiple(of: Layout.rowBytes) else {
      throw FormatError.directorySize(bytes: directoryBytes, rowBytes: Layout.rowBytes)
    }
    let sectionLimit = min(limits.sections, FormatLimits.sections)
    guard sectionCount <= sectionLimit else {
      throw FormatError.tooManySections(count: sectionCount, limit: sectionLimit)
    }
    let headerLimit = min(limits.headerBytes, FormatLimits.headerBytes)
    guard headerBytes <= headerLimit else {
      throw FormatError.headerTooLarge(bytes: Int(headerBytes), limit: headerLimit)
    }
  }

  /// The header section and the directory are the end of the file, and both lie after the prologue.
  private func checkPlaces() throws {
    let header = UInt64(Layout.prefixBytes) + UInt64(headerBytes)
    let tail = header + UInt64(directoryBytes)
    guard fileBytes >= UInt64(Layout.prologueBytes) + tail else {
      throw FormatError.prologueField(
        "directory_offset", offset: Self.offsetOfDirectoryOffset, found: directoryOffset,
        expected: UInt64(Layout.prologueBytes) + header)
    }
    guard directoryOffset == fileBytes - UInt64(directoryBytes) else {
      throw FormatError.prologueField(
        "directory_offset", offset: Self.offsetOfDirectoryOffset, found: directoryOffset,
        expected: fileBytes - UInt64(directoryBytes))
    }
    guard headerOffset == fileBytes - tail else {
      throw FormatError.prologueField(
        "header_offset", offset: Self.offsetOfHeaderOffset, found: headerOffset, expected: fileBytes - tail)
    }
  }
}
