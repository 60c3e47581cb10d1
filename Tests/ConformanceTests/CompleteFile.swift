import ReferenceDecoder
import TestSupport

/// A small `.fkv` of profile `lossless` line by line, as formats/fkv.md §B shows it: offset, bytes, and what they are.
struct CompleteFile {
  private var listing: HexListing

  var lines: [String] { listing.lines }

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
    let sections = try Container(bytes).sections
    listing = HexListing(bytes)
    listing.prologue()
    let names = [1: "header (§6)", 2: "tokens (§7.1)", 16: "lossless-keys (§8)", 17: "lossless-values (§8)"]
    for section in sections {
      listing.title("section \(names[section.kind]!)")
      listing.field("sync", 4)
      listing.description()
      if section.kind == 1 {
        record(section.storedBytes, Self.fields)
      } else {
        planes(section.kind == 2 ? 4 : 2, section.rawBytes, section.storedBytes)
      }
    }
    for section in sections { listing.directoryRow("of \(names[section.kind]!.prefix { $0 != " " })") }
    precondition(listing.position == listing.bytes.count, "the example has other parts")
  }

  /// Byte planes of one block (§7.2).
  private mutating func planes(_ size: Int, _ raw: Int, _ stored: Int) {
    let start = listing.position
    let counts = (0..<size).map { plane in Int(listing.ahead(5 * plane + 1, 4)) }
    for plane in 0..<size {
      listing.field("plane \(plane): method = \(listing.ahead(0, 1)), stored_bytes = \(counts[plane])", 5)
    }
    for (plane, count) in counts.enumerated() { listing.field("plane \(plane)", count) }
    precondition(listing.position == start + stored && raw <= 4_194_304)
  }

  /// A record (§5.1), in it records.
  private mutating func record(_ count: Int, _ names: [Int: String], indent: String = "") {
    let end = listing.position + count
    while listing.position < end {
      let (tag, flags, size) = (Int(listing.ahead(0, 2)), listing.ahead(2, 2), Int(listing.ahead(4, 4)))
      let name = names[tag]!
      listing.field("\(indent)tag = \(tag), flags = \(flags), bytes = \(size): \(name)", 8)
      if let inner = Self.nested[tag], indent.isEmpty {
        record(size, inner, indent: "  ")
      } else if size > 0 {
        listing.field("\(indent)\(name) = \(meaning(name, size))", size)
      }
    }
  }

  private func meaning(_ name: String, _ size: Int) -> String {
    if Self.texts.contains(name) {
      return String(decoding: listing.bytes[listing.position..<listing.position + size], as: UTF8.self)
    }
    guard Self.floats.contains(name) else { return "\(listing.ahead(0, size))" }
    return size == 4
      ? "\(Float(bitPattern: UInt32(listing.ahead(0, 4))))" : "\(Double(bitPattern: listing.ahead(0, 8)))"
  }
}
