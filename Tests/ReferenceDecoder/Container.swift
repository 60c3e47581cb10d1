/// A section as the directory describes it (§4.2).
package struct Section {
  package var kind: Int
  package var flags: Int
  /// `0xFFFF_FFFF` for none.
  package var layer: Int
  package var index: Int
  package var firstToken: Int
  package var tokenCount: Int
  package var storedBytes: Int
  package var rawBytes: Int
  package var hash: UInt64
  /// Where the prefix starts.
  package var offset: Int

  package var payload: Range<Int> { offset + 48..<offset + 48 + storedBytes }
  package static let noLayer = 0xFFFF_FFFF
}

/// Prologue, sections and directory (§2.5 to §4).
package struct Container {
  package let bytes: [UInt8]
  package var sections: [Section] = []
  package var metadataHash: UInt64 = 0
  package var header: [UInt8] = []

  static let knownKinds: Set<Int> = [1, 2, 16, 17, 32, 33, 48, 49, 50, 51, 64, 65]

  /// Checks everything but the sections, in the order of §3.3.
  package init(_ bytes: [UInt8]) throws {
    self.bytes = bytes
    let (directory, headerOffset, headerBytes) = try prologue()
    try readDirectory(directory, headerOffset: headerOffset, headerBytes: headerBytes)
    header = try payload(sections[sections.count - 1])
  }

  /// §3.1, in the order of §3.3; where the directory and the header lie.
  private mutating func prologue() throws -> (directory: Int, headerOffset: Int, headerBytes: Int) {
    let magic: [UInt8] = [0x89, 0x46, 0x4B, 0x56, 0x0D, 0x0A, 0x1A, 0x0A]
    guard bytes.starts(with: magic.prefix(4)) else { throw Refusal(10, "another magic") }
    guard bytes.count >= 8 else { throw Refusal(12, "\(bytes.count) bytes") }
    guard bytes.starts(with: magic) else { throw Refusal(11, "mangled magic") }
    guard bytes.count >= 64 else { throw Refusal(12, "\(bytes.count) bytes") }
    guard bytes.u32(8) == 1 else { throw Refusal(13, "version \(bytes.u32(8))") }
    // §3.2: version 1 defines no feature.
    guard bytes.u32(12) == 0 else { throw Refusal(14, "features \(bytes.u32(12))") }
    guard bytes.u32(20) == 0 else { throw Refusal(16, "reserved \(bytes.u32(20))") }
    guard bytes.u64(24) == UInt64(bytes.count) else { throw Refusal(15, "\(bytes.u64(24)) bytes") }
    let (headerBytes, directoryBytes) = (bytes.u32(40), bytes.u32(44))
    guard directoryBytes > 0, directoryBytes % 56 == 0 else { throw Refusal(20, "\(directoryBytes) bytes") }
    // §2.4
    guard directoryBytes / 56 <= 1_048_576 else { throw Refusal(50, "\(directoryBytes / 56) sections") }
    guard headerBytes <= 16_777_216 else { throw Refusal(51, "\(headerBytes) bytes") }
    let directory = bytes.count - directoryBytes
    let headerOffset = directory - 48 - headerBytes
    guard headerOffset >= 64, bytes.u64(32) == UInt64(headerOffset) else {
      throw Refusal(16, "header_offset \(bytes.u64(32))")
    }
    guard bytes.u64(48) == UInt64(directory) else { throw Refusal(16, "directory_offset \(bytes.u64(48))") }
    // §3.4
    metadataHash = XXH3.hash(Array(bytes[..<56] + bytes[(headerOffset + 48)...]))
    guard metadataHash == bytes.u64(56) else { throw Refusal(17, "metadata hash") }
    return (directory, headerOffset, headerBytes)
  }

  /// §4.4, each row in the order of §4.5.
  private mutating func readDirectory(_ directory: Int, headerOffset: Int, headerBytes: Int) throws {
    let count = (bytes.count - directory) / 56
    var (end, totalRaw) = (64, UInt64(0))
    var seen: Set<[Int]> = []
    for number in 0..<count {
      let row = directory + 56 * number
      let isLast = number == count - 1
      let name = "row \(number)"
      guard bytes.u32(row + 44) == 0 else { throw Refusal(27, "\(name): reserved") }
      guard bytes.u64(row + 48) == UInt64(end) else { throw Refusal(21, "\(name): offset") }
      let limit = isLast ? directory : headerOffset
      guard end + 48 <= limit, bytes.u64(row + 20) <= UInt64(limit - end - 48) else {
        throw Refusal(22, "\(name): stored_bytes")
      }
      let stored = Int(bytes.u64(row + 20))
      // §4.3: bits 1 to 7 are reserved.
      guard bytes.u16(row + 2) & 0xFE == 0 else { throw Refusal(24, "\(name): flags") }
      let (first, tokens) = (bytes.u32(row + 12), bytes.u32(row + 16))
      guard tokens > 0 || first == 0 else { throw Refusal(27, "\(name): first_token") }
      guard first + tokens <= 0xFFFF_FFFF else { throw Refusal(26, "\(name): tokens") }
      // §2.4
      let raw = bytes.u64(row + 28)
      guard raw <= UInt64(min(8 << 30, (64 << 20) + 4096 * stored)) else { throw Refusal(53, "\(name): raw_bytes") }
      let section = Section(
        kind: bytes.u16(row), flags: bytes.u16(row + 2), layer: bytes.u32(row + 4), index: bytes.u32(row + 8),
        firstToken: first, tokenCount: tokens, storedBytes: stored, rawBytes: Int(raw), hash: bytes.u64(row + 36),
        offset: end)
      guard isLast == (section.kind == 1) else { throw Refusal(28, name) }
      guard section.flags & 1 == 0 || Self.knownKinds.contains(section.kind) else {
        throw Refusal(23, "\(name): kind \(section.kind)")
      }
      totalRaw += raw
      guard totalRaw <= 1 << 40 else { throw Refusal(54, name) }
      guard seen.insert([section.kind, section.layer, section.index]).inserted else { throw Refusal(25, name) }
      sections.append(section)
      end += 48 + stored
    }
    let last = sections[count - 1]
    guard last.offset == headerOffset, last.layer == Section.noLayer, last.index == 0, last.tokenCount == 0,
      last.storedBytes == headerBytes, last.rawBytes == headerBytes
    else { throw Refusal(27, "the header's row") }
  }

  /// The payload of a section, checked (§4.1).
  package func payload(_ section: Section) throws -> [UInt8] {
    let prefix = Array(bytes[section.offset..<section.offset + 48])
    guard prefix.starts(with: [0xF6, 0x53, 0x45, 0x43]) else { throw Refusal(30, "kind \(section.kind)") }
    guard
      prefix.u16(4) == section.kind, prefix.u16(6) == section.flags, prefix.u32(8) == section.layer,
      prefix.u32(12) == section.index, prefix.u32(16) == section.firstToken, prefix.u32(20) == section.tokenCount,
      prefix.u64(24) == UInt64(section.storedBytes), prefix.u64(32) == UInt64(section.rawBytes),
      prefix.u64(40) == section.hash
    else { throw Refusal(31, "kind \(section.kind)") }
    let payload = Array(bytes[section.payload])
    // §4.2: bytes 0 to 35 of the description ‖ the payload.
    guard XXH3.hash(Array(prefix[4..<40]) + payload) == section.hash else { throw Refusal(32, "kind \(section.kind)") }
    return payload
  }

  /// The only section with that kind, layer and index, if there is one.
  func section(_ kind: Int, layer: Int, index: Int = 0) -> Section? {
    sections.first { $0.kind == kind && $0.layer == layer && $0.index == index }
  }
}
