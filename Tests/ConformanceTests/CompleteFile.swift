import ReferenceDecoder

/// A small `.fkv` of profile `lossless` line by line, as formats/fkv.md §B shows it: offset, bytes, and what they are.
struct CompleteFile {
  private(set) var lines: [String] = []
  private let bytes: [UInt8]
  private var position = 0

  private static let fields: [Int: String] = [
    0x01: "profile", 0x02: "setting", 0x03: "writer", 0x10: "model", 0x20: "layers", 0x21: "rope", 0x22: "key_type",
    0x23: "value_type", 0x24: "attention_scale", 0x40: "provenance",
  ]
  private static let nested: [Int: [Int: String]] = [
    0x10: [1: "name", 2: "architecture", 3: "fingerprint"],
    0x20: [
      1: "count", 2: "kv_heads", 3: "query_heads", 4: "head_dim", 5: "tokens", 6: "first_position", 8: "rope_index",
    ],
    0x21: [
      1: "pairing", 2: "dimensions", 3: "base", 4: "scaling", 5: "inverse_frequencies", 6: "magnitude",
    ],
  ]
  private static let texts: Set<String> = [
    "setting", "writer", "name", "architecture", "fingerprint", "scaling", "provenance",
  ]
  private static let floats: Set<String> = ["attention_scale", "base", "inverse_frequencies", "magnitude"]

  init(_ bytes: [UInt8]) throws {
    self.bytes = bytes
    let sections = try Container(bytes).sections
    title("prologue (§3.1)")
    field("magic", 8)
    for name in ["version", "required_features", "optional_features", "reserved"] { number(name, 4) }
    for name in ["file_bytes", "header_offset"] { number(name, 8) }
    for name in ["header_bytes", "directory_bytes"] { number(name, 4) }
    number("directory_offset", 8)
    field("metadata_hash", 8)
    let names = [1: "header (§6)", 2: "tokens (§7.1)", 16: "lossless-keys (§8)", 17: "lossless-values (§8)"]
    for section in sections {
      title("section \(names[section.kind]!)")
      field("sync", 4)
      description()
      if section.kind == 1 {
        record(section.storedBytes, Self.fields)
      } else {
        planes(section.kind == 2 ? 4 : 2, section.rawBytes, section.storedBytes)
      }
    }
    for section in sections {
      title("directory row of \(names[section.kind]!.prefix { $0 != " " }) (§4.4)")
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

  /// Byte planes of one block (§7.2).
  private mutating func planes(_ size: Int, _ raw: Int, _ stored: Int) {
    let start = position
    let counts = (0..<size).map { plane in Int(value(position + 5 * plane + 1, 4)) }
    for plane in 0..<size { field("plane \(plane): method = \(bytes[position]), stored_bytes = \(counts[plane])", 5) }
    for (plane, count) in counts.enumerated() { field("plane \(plane)", count) }
    precondition(position == start + stored && raw <= 4_194_304)
  }

  /// A record (§5.1), in it records.
  private mutating func record(_ count: Int, _ names: [Int: String], indent: String = "") {
    let end = position + count
    while position < end {
      let (tag, flags, size) = (Int(value(position, 2)), value(position + 2, 2), Int(value(position + 4, 4)))
      let name = names[tag]!
      field("\(indent)tag = \(tag), flags = \(flags), bytes = \(size): \(name)", 8)
      if let inner = Self.nested[tag], indent.isEmpty {
        record(size, inner, indent: "  ")
      } else if size > 0 {
        field("\(indent)\(name) = \(meaning(name, size))", size)
      }
    }
  }

  private func meaning(_ name: String, _ size: Int) -> String {
    if Self.texts.contains(name) { return String(decoding: bytes[position..<position + size], as: UTF8.self) }
    guard Self.floats.contains(name) else { return "\(value(position, size))" }
    return size == 4
      ? "\(Float(bitPattern: UInt32(value(position, 4))))" : "\(Double(bitPattern: value(position, 8)))"
  }

  private func value(_ place: Int, _ count: Int) -> UInt64 { EditableFile.number(bytes, place, count) }

  private mutating func number(_ name: String, _ count: Int) {
    let value = value(position, count)
    field("\(name) = \(count == 4 && value == 0xFFFF_FFFF ? "none" : "\(value)")", count)
  }

  /// Up to 8 bytes a line; what they are stands on the first.
  private mutating func field(_ text: String, _ count: Int) {
    for start in stride(from: position, to: position + count, by: 8) {
      let hex = bytes[start..<min(start + 8, position + count)].map(Self.digits).joined(separator: " ")
      let offset = "\(Self.digits(UInt8(start >> 8)))\(Self.digits(UInt8(start & 255)))"
      let line = "\(offset)  \(hex)"
      lines.append(
        start > position ? line : line + String(repeating: " ", count: max(1, 32 - line.count)) + "; \(text)")
    }
    position += count
  }

  private static func digits(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }
}
