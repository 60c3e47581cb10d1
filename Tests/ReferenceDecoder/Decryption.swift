/// Encrypted files (§15), opened into plain ones that say the same: without the seal, the feature and the flags.
package enum Decryption {
  /// The plain file; a file that is not encrypted as it is.
  ///
  /// What §15 says is checked here, and the hashes that it relies on; everything else by who reads the plain file.
  package static func opened(_ bytes: [UInt8], key: [UInt8]?) throws -> [UInt8] {
    guard bytes.count >= 64 else { return bytes }
    guard bytes.u32(12) == 1 else {
      // §15.3: no seal in a plain file.
      let rows = stride(from: min(Int(clamping: bytes.u64(48)), bytes.count), to: bytes.count - 55, by: 56)
      guard !rows.contains(where: { bytes.u16($0) == 3 }) else { throw Refusal(92, "a seal") }
      return bytes
    }
    // §3.4
    let (headerOffset, directory) = (Int(bytes.u64(32)), Int(bytes.u64(48)))
    guard XXH3.hash(Array(bytes[..<56] + bytes[(headerOffset + 48)...])) == bytes.u64(56) else {
      throw Refusal(17, "metadata hash")
    }
    let rows = stride(from: directory, to: bytes.count, by: 56).map { Array(bytes[$0..<$0 + 56]) }
    let place = rows.count - 2
    for (number, row) in rows.enumerated() {
      // §15.2, §15.3
      let isSeal = row.u16(0) == 3
      guard (row.u16(2) & 2 == 0) == isSeal else { throw Refusal(24, "flags of row \(number)") }
      guard isSeal == (number == place) else { throw Refusal(92, "row \(number)") }
    }
    guard place >= 0 else { throw Refusal(92, "no seal") }
    // §15.4
    guard let key else { throw Refusal(90, "no key") }
    let seal = try stored(bytes, rows[place])
    guard seal.count == 48 + 16 * rows.count else { throw Refusal(93, "\(seal.count) bytes") }
    let salt = Array(seal[..<32])
    guard SHA256.derived(key, salt: salt, info: "fkv 1 key check", 16) == Array(seal[32..<48]) else {
      throw Refusal(91, "key check")
    }
    let cipher = AESGCM(key: SHA256.derived(key, salt: salt, info: "fkv 1 sections", 32))
    func nonce(_ number: Int) -> [UInt8] {
      (0..<4).map { (byte: Int) -> UInt8 in UInt8(number >> (8 * byte) & 255) } + [UInt8](repeating: 0, count: 8)
    }
    let tags = Array(seal[48..<32 + 16 * rows.count])
    let covered: [UInt8] = Array(bytes[..<20]) + rows.flatMap { Array($0[..<36]) } + tags
    guard cipher.open([], nonce: nonce(place), data: covered, tag: Array(seal.suffix(16))) != nil else {
      throw Refusal(94, "file_tag")
    }
    var sections: [(row: [UInt8], payload: [UInt8])] = []
    for (number, row) in rows.enumerated() where number != place {
      let tag = Array(tags[(16 * sections.count)...].prefix(16))
      let closed = try stored(bytes, row)
      guard let payload = cipher.open(closed, nonce: nonce(number), data: Array(row[..<36]), tag: tag) else {
        throw Refusal(94, "row \(number)")
      }
      sections.append((row, payload))
    }
    return plain(sections, prologue: bytes)
  }

  /// The bytes of a section, its prefix and its hash compared (§4.1).
  private static func stored(_ bytes: [UInt8], _ row: [UInt8]) throws -> [UInt8] {
    let (offset, count) = (Int(row.u64(48)), Int(row.u64(20)))
    guard Array(bytes[offset..<offset + 4]) == [0xF6, 0x53, 0x45, 0x43] else { throw Refusal(30, "sync word") }
    guard bytes[offset + 4..<offset + 48] == row[..<44] else { throw Refusal(31, "prefix") }
    let payload = Array(bytes[offset + 48..<offset + 48 + count])
    guard XXH3.hash(Array(row[..<36]) + payload) == row.u64(36) else { throw Refusal(32, "section hash") }
    return payload
  }

  /// A file of those sections (§2.5), the header the last.
  private static func plain(_ sections: [(row: [UInt8], payload: [UInt8])], prologue: [UInt8]) -> [UInt8] {
    func little(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { (byte: Int) -> UInt8 in UInt8(value >> UInt64(8 * byte) & 255) }
    }
    var (body, directory) = ([UInt8](), [UInt8]())
    for (row, payload) in sections {
      var description = Array(row[..<36])
      description[2] &= ~2
      description += little(XXH3.hash(description + payload), 8)
      directory += description + little(0, 4) + little(UInt64(64 + body.count), 8)
      body += [0xF6, 0x53, 0x45, 0x43] + description + payload
    }
    let header = sections[sections.count - 1].payload
    var start = Array(prologue[..<12]) + little(0, 4) + Array(prologue[16..<24])
    start += little(UInt64(64 + body.count + directory.count), 8)
    start += little(UInt64(64 + body.count - 48 - header.count), 8)
    start += little(UInt64(header.count), 4) + little(UInt64(directory.count), 4)
    start += little(UInt64(64 + body.count), 8)
    return start + little(XXH3.hash(start + header + directory), 8) + body + directory
  }
}
