/// The 44 bytes that a section's prefix and its directory row have in common (formats/fkv.md §4.2), as they were found.
struct SectionDescription: Equatable {
  static let byteCount = 44
  /// The part that the section's hash covers: everything before the hash.
  static let hashedBytes = 36

  var kind: UInt16
  var flags: UInt16
  var layer: UInt32
  var index: UInt32
  var firstToken: UInt32
  var tokenCount: UInt32
  var storedBytes: UInt64
  var rawBytes: UInt64
  var hash: UInt64

  var id: SectionID {
    SectionID(
      SectionKind(rawValue: kind), layer: layer == Layout.noLayer ? nil : Int(layer), index: Int(index))
  }
}

extension SectionDescription {
  /// The fields at `offset`; the caller has checked that the bytes are there.
  init(parsing bytes: [UInt8], at offset: Int) {
    kind = bytes.integer(at: offset)
    flags = bytes.integer(at: offset + 2)
    layer = bytes.integer(at: offset + 4)
    index = bytes.integer(at: offset + 8)
    firstToken = bytes.integer(at: offset + 12)
    tokenCount = bytes.integer(at: offset + 16)
    storedBytes = bytes.integer(at: offset + 20)
    rawBytes = bytes.integer(at: offset + 28)
    hash = bytes.integer(at: offset + 36)
  }

  init(_ entry: SectionEntry) {
    kind = entry.kind.rawValue
    flags = entry.flags.rawValue
    layer = entry.layer.map { UInt32($0) } ?? Layout.noLayer
    index = UInt32(entry.index)
    firstToken = UInt32(entry.tokens.lowerBound)
    tokenCount = UInt32(entry.tokens.count)
    storedBytes = UInt64(entry.storedBytes)
    rawBytes = UInt64(entry.rawBytes)
    hash = entry.hash
  }

  /// The bytes before the hash, which the hash covers.
  var hashedPart: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    bytes.append(integer: kind)
    bytes.append(integer: flags)
    bytes.append(integer: layer)
    bytes.append(integer: index)
    bytes.append(integer: firstToken)
    bytes.append(integer: tokenCount)
    bytes.append(integer: storedBytes)
    bytes.append(integer: rawBytes)
    return bytes
  }

  /// The hash of a section before its payload (§4.3).
  var startedHash: ContentHash {
    let hash = ContentHash()
    hash.update(hashedPart)
    return hash
  }

  var bytes: [UInt8] {
    var bytes = hashedPart
    bytes.append(integer: hash)
    return bytes
  }

  /// The first field in which the two differ, with both values; nil if they are equal.
  func difference(from other: Self) -> (field: String, own: UInt64, other: UInt64)? {
    let pairs: [(String, UInt64, UInt64)] = [
      ("kind", UInt64(kind), UInt64(other.kind)), ("flags", UInt64(flags), UInt64(other.flags)),
      ("layer", UInt64(layer), UInt64(other.layer)), ("index", UInt64(index), UInt64(other.index)),
      ("first_token", UInt64(firstToken), UInt64(other.firstToken)),
      ("token_count", UInt64(tokenCount), UInt64(other.tokenCount)),
      ("stored_bytes", storedBytes, other.storedBytes), ("raw_bytes", rawBytes, other.rawBytes),
      ("hash", hash, other.hash),
    ]
    return pairs.first { $0.1 != $0.2 }.map { (field: $0.0, own: $0.1, other: $0.2) }
  }
}
