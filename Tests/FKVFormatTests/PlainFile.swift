import CXXHash
import Foundation

/// A section as a test writes it down: the numbers of its description and its payload.
struct PlainSection {
  var kind: UInt16 = 0x7F01
  var flags: UInt16 = 1
  var layer: UInt32 = 0xFFFF_FFFF
  var index: UInt32 = 0
  var firstToken: UInt32 = 0
  var tokenCount: UInt32 = 0
  var rawBytes: UInt64?
  var payload: [UInt8] = []

  /// §4.2
  var description: [UInt8] {
    let fields =
      little(kind) + little(flags) + little(layer) + little(index) + little(firstToken) + little(tokenCount)
      + little(UInt64(payload.count)) + little(rawBytes ?? UInt64(payload.count))
    return fields + little(plainHash(fields + payload))
  }
}

/// A second, plain writer of the format, in the order of formats/fkv.md and on top of nothing else. What it writes can
/// be broken in one place and sealed again, so that the fault is met although the hash is right.
struct PlainFile {
  var bytes: [UInt8]
  /// Where each section starts, the header's last.
  let offsets: [Int]
  let directoryOffset: Int
  let headerBytes: Int

  init(_ sections: [PlainSection], header: [UInt8] = [], requiredFeatures: UInt32 = 0, optionalFeatures: UInt32 = 0) {
    let all = sections + [PlainSection(kind: 1, payload: header)]
    var offsets: [Int] = []
    var body: [UInt8] = []
    var directory: [UInt8] = []
    for section in all {
      // §4.4
      offsets.append(64 + body.count)
      directory += section.description + little(UInt32(0)) + little(UInt64(64 + body.count))
      // §4.1
      body += [0xF6, 0x53, 0x45, 0x43] + section.description + section.payload
    }
    // §3.1
    let directoryOffset = 64 + body.count
    let prologue =
      [0x89, 0x46, 0x4B, 0x56, 0x0D, 0x0A, 0x1A, 0x0A] + little(UInt32(1)) + little(requiredFeatures)
      + little(optionalFeatures) + little(UInt32(0)) + little(UInt64(directoryOffset + directory.count))
      + little(UInt64(offsets[sections.count])) + little(UInt32(header.count)) + little(UInt32(directory.count))
      + little(UInt64(directoryOffset))
    self.offsets = offsets
    self.directoryOffset = directoryOffset
    headerBytes = header.count
    bytes = prologue + little(UInt64(0)) + body + directory
    seal()
  }

  /// Where the directory row of a section starts.
  func row(_ section: Int) -> Int { directoryOffset + 56 * section }

  /// §3.4
  var metadataHash: UInt64 {
    plainHash(bytes[..<56] + bytes[directoryOffset - headerBytes..<directoryOffset] + bytes[directoryOffset...])
  }

  mutating func seal() { put(metadataHash, at: 56) }

  mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
    bytes.replaceSubrange(offset..<offset + little(value).count, with: little(value))
  }

  /// The file with one number changed, sealed again unless the seal is what is tested.
  func with(_ value: some FixedWidthInteger, at offset: Int, sealed: Bool = true) -> PlainFile {
    var changed = self
    changed.put(value, at: offset)
    if sealed { changed.seal() }
    return changed
  }

  func write(to path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
}

/// The integer's bytes, lowest first.
func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * Value($0))) }
}

/// A field of a record (§5.1).
func plainField(_ tag: UInt16, flags: UInt16 = 0, _ payload: [UInt8]) -> [UInt8] {
  little(tag) + little(flags) + little(UInt32(payload.count)) + payload
}

/// XXH3-64 of bytes that lie in one piece, by the library's other call than the one that the product uses.
func plainHash(_ bytes: some Sequence<UInt8>) -> UInt64 {
  let all = Array(bytes)
  return XXH3_64bits(all, all.count)
}
