/// The example of §A line by line: offset, bytes, and which field they are with what value.
struct AnnotatedHex {
  private(set) var lines: [String] = []
  private let bytes: [UInt8]
  private var position = 0

  /// Takes apart a file of one section and a header of two fields.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    title("prologue (§3.1)")
    field("magic", 8)
    for name in ["version", "required_features", "optional_features", "reserved"] { number(name, 4) }
    for name in ["file_bytes", "header_offset"] { number(name, 8) }
    for name in ["header_bytes", "directory_bytes"] { number(name, 4) }
    number("directory_offset", 8)
    field("metadata_hash", 8)

    title("section (§4.1)")
    field("sync", 4)
    description()
    field("payload", 4)

    title("header section (§4.1)")
    field("sync", 4)
    description()
    record(2)

    for row in ["of the section", "of the header"] {
      title("directory row \(row) (§4.4)")
      description()
      number("reserved", 4)
      number("offset", 8)
    }
    precondition(position == bytes.count, "the example has other parts")
  }

  private mutating func title(_ text: String) { lines.append("; \(text)") }

  private mutating func description() {
    number("kind", 2)
    number("flags", 2)
    for name in ["layer", "index", "first_token", "token_count"] { number(name, 4) }
    for name in ["stored_bytes", "raw_bytes"] { number(name, 8) }
    field("hash", 8)
  }

  private mutating func record(_ fields: Int) {
    for _ in 0..<fields {
      number("tag", 2)
      number("flags", 2)
      number("bytes", 4)
      field("payload of the field", Int(bytes[position - 4]))
    }
  }

  private mutating func number(_ name: String, _ count: Int) {
    let value = bytes[position..<position + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    field("\(name) = \(count == 4 && value == 0xFFFF_FFFF ? "none" : "\(value)")", count)
  }

  private mutating func field(_ text: String, _ count: Int) {
    let offset = String(position, radix: 16, uppercase: true)
    let hex = bytes[position..<position + count].map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined(separator: " ")
    let line = String(repeating: "0", count: 4 - offset.count) + offset + "  " + hex
    lines.append(line + String(repeating: " ", count: max(1, 32 - line.count)) + "; \(text)")
    position += count
  }
}
