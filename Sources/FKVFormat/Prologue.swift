/// The first 64 bytes of a file (formats/fkv.md §3), as they were found.
struct Prologue: Equatable {
  var version: UInt32 = Layout.version
  var requiredFeatures: RequiredFeatures = []
  var optionalFeatures: OptionalFeatures = []
  var reserved: UInt32 = 0
  var fileBytes: UInt64
  var headerOffset: UInt64
  var headerBytes: UInt32
  var directoryBytes: UInt32
  var directoryOffset: UInt64
  var hash: UInt64

  static let offsetOfReserved = 20
  static let offsetOfHeaderOffset = 32
  static let offsetOfDirectoryOffset = 48
  static let offsetOfHash = Layout.hashedPrologueBytes
}

extension Prologue {
  /// The bytes before the hash, which the metadata hash covers.
  var hashedPart: [UInt8] {
    var bytes = Layout.magic
    bytes.reserveCapacity(Layout.prologueBytes)
    bytes.append(integer: version)
    bytes.append(integer: requiredFeatures.rawValue)
    bytes.append(integer: optionalFeatures.rawValue)
    bytes.append(integer: reserved)
    bytes.append(integer: fileBytes)
    bytes.append(integer: headerOffset)
    bytes.append(integer: headerBytes)
    bytes.append(integer: directoryBytes)
    bytes.append(integer: directoryOffset)
    return bytes
  }

  var bytes: [UInt8] {
    var bytes = hashedPart
    bytes.append(integer: hash)
    return bytes
  }
}
