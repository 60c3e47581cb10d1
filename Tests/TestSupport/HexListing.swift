/// A file line by line: offset, up to 8 bytes in hexadecimal, and what they are, as formats/fkv.md shows its examples.
public struct HexListing {
  public private(set) var lines: [String] = []
  public let bytes: [UInt8]
  /// Where the next field starts.
  public private(set) var position = 0

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public mutating func title(_ text: String) { lines.append("; \(text)") }

  /// The prologue of an `.fkv` (§3.1).
  public mutating func prologue() {
    title("prologue (§3.1)")
    field("magic", 8)
    for name in ["version", "required_features", "optional_features", "reserved"] { number(name, 4) }
    for name in ["file_bytes", "header_offset"] { number(name, 8) }
    for name in ["header_bytes", "directory_bytes"] { number(name, 4) }
    number("directory_offset", 8)
    field("metadata_hash", 8)
  }

  /// The description of a section (§4.2).
  public mutating func description() {
    number("kind", 2)
    number("flags", 2)
    for name in ["layer", "index", "first_token", "token_count"] { number(name, 4) }
    for name in ["stored_bytes", "raw_bytes"] { number(name, 8) }
    field("hash", 8)
  }

  /// A row of the directory (§4.4).
  public mutating func directoryRow(_ text: String) {
    title("directory row \(text) (§4.4)")
    description()
    number("reserved", 4)
    number("offset", 8)
  }

  /// The little-endian number in `count` bytes, `offset` after where the next field starts.
  public func ahead(_ offset: Int, _ count: Int) -> UInt64 {
    bytes[position + offset..<position + offset + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  }

  public mutating func number(_ name: String, _ count: Int) {
    let value = ahead(0, count)
    field("\(name) = \(count == 4 && value == 0xFFFF_FFFF ? "none" : "\(value)")", count)
  }

  /// What the bytes are stands on the first of their lines.
  public mutating func field(_ text: String, _ count: Int) {
    for start in stride(from: position, to: position + count, by: 8) {
      let hex = bytes[start..<min(start + 8, position + count)].map(Self.digits).joined(separator: " ")
      let line = "\(Self.digits(UInt8(start >> 8)))\(Self.digits(UInt8(start & 255)))  \(hex)"
      lines.append(
        start > position ? line : line + String(repeating: " ", count: max(1, 32 - line.count)) + "; \(text)")
    }
    position += count
  }

  private static func digits(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }
}
