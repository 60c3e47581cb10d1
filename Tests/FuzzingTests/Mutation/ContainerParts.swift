@testable import FKVFormat

/// A container taken apart without asking whether it is right, to be changed and put together again with offsets, sizes
/// and hashes that fit.
struct ContainerParts {
  /// A section: the first 20 bytes of its description (kind to token count), `raw_bytes`, and its payload.
  struct Section {
    var head: [UInt8]
    var rawBytes: UInt64
    var payload: [UInt8]

    /// Of its kind, as the first two bytes say it.
    var kind: UInt16 { UInt16(head[0]) | UInt16(head[1]) << 8 }
  }

  /// The prologue's bytes 8 to 23: version, features, reserved.
  var features: [UInt8]
  /// In file order; the header's stands last if the file is right.
  var sections: [Section]

  /// nil where the bytes are too broken to be taken apart.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= Layout.prologueBytes else { return nil }
    let directory = Self.number(bytes, 48, 8)
    guard let start = Int(exactly: directory), start >= Layout.prologueBytes, start <= bytes.count,
      (bytes.count - start) % Layout.rowBytes == 0
    else { return nil }
    features = Array(bytes[8..<24])
    sections = []
    for row in stride(from: start, to: bytes.count, by: Layout.rowBytes) {
      guard let stored = Int(exactly: Self.number(bytes, row + 20, 8)),
        let offset = Int(exactly: Self.number(bytes, row + 48, 8)), offset <= start - Layout.prefixBytes,
        stored <= start - Layout.prefixBytes - offset
      else { return nil }
      let payload = offset + Layout.prefixBytes
      sections.append(
        Section(
          head: Array(bytes[row..<row + 20]), rawBytes: Self.number(bytes, row + 28, 8),
          payload: Array(bytes[payload..<payload + stored])))
    }
  }

  /// The whole file.
  var bytes: [UInt8] {
    var (body, rows) = ([UInt8](), [UInt8]())
    for section in sections {
      let sized = section.head + Self.little(UInt64(section.payload.count), 8) + Self.little(section.rawBytes, 8)
      let description = sized + Self.little(Self.hash([sized, section.payload]), 8)
      rows += description + [0, 0, 0, 0] + Self.little(UInt64(Layout.prologueBytes + body.count), 8)
      body += Layout.syncWord + description + section.payload
    }
    let directory = Layout.prologueBytes + body.count
    let header = sections.last?.payload ?? []
    var prologue = Layout.magic + features + Self.little(UInt64(directory + rows.count), 8)
    prologue += Self.little(UInt64(max(0, directory - Layout.prefixBytes - header.count)), 8)
    prologue += Self.little(UInt64(header.count), 4) + Self.little(UInt64(rows.count), 4)
    prologue += Self.little(UInt64(directory), 8)
    return prologue + Self.little(Self.hash([prologue, header, rows]), 8) + body + rows
  }

  /// A file with the metadata hash that its bytes call for; what it says of sizes and offsets stays.
  static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= Layout.prologueBytes, let header = Int(exactly: number(bytes, 32, 8)),
      header <= bytes.count - Layout.prefixBytes
    else { return bytes }
    var bytes = bytes
    let hash = hash([Array(bytes[..<56]), Array(bytes[(header + Layout.prefixBytes)...])])
    bytes.replaceSubrange(56..<64, with: little(hash, 8))
    return bytes
  }

  static func number(_ bytes: [UInt8], _ place: Int, _ count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) }
  }

  static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  private static func hash(_ pieces: [[UInt8]]) -> UInt64 {
    let hash = ContentHash()
    for piece in pieces { hash.update(piece) }
    return hash.value
  }
}
