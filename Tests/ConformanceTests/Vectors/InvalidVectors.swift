import CacheCodec
import Foundation
import KVCacheModel

/// Files that every reader must refuse, each for one reason.
enum InvalidVectors {
  static func all() throws -> [VectorCase] {
    try container() + records() + header() + InvalidPayloads.all()
  }

  /// A small file of profile `lossless`: token ids, then keys and values of two layers, then the header.
  static func lossless() throws -> EditableFile {
    try EditableFile(ValidVectors.file(ValidVectors.cache(tokens: 3, dims: 2), .lossless))
  }

  /// A case made of that file's bytes; its metadata hash is made right again unless `sealed` is false.
  private static func bytes(
    _ name: String, _ sections: String, sealed: Bool = true, _ edit: @escaping (inout [UInt8]) -> Void
  ) -> VectorCase {
    VectorCase(name: name, sections: sections) {
      var bytes = try lossless().bytes
      edit(&bytes)
      return sealed ? EditableFile.sealed(bytes) : bytes
    }
  }

  /// A case made of a change in the directory's row and the section's prefix alike.
  private static func row(
    _ name: String, _ sections: String, _ row: Int = 1, _ edit: @escaping (inout [UInt8], _ row: Int) -> Void
  ) -> VectorCase {
    VectorCase(name: name, sections: sections) {
      var bytes = try lossless().bytes
      edit(&bytes, EditableFile.directory(bytes) + 56 * row)
      return EditableFile.sealed(bytes, sections: true)
    }
  }

  private static func container() -> [VectorCase] {
    [
      bytes("empty", "§3.1", sealed: false) { $0 = [] },
      bytes("other-magic", "§3.1", sealed: false) { $0.replaceSubrange(0..<4, with: Array("GGUF".utf8)) },
      bytes("three-bytes", "§3.1", sealed: false) { $0 = Array($0.prefix(3)) },
      bytes("magic-after-text-transfer", "§3.1", sealed: false) { $0.remove(at: 4) },
      bytes("ends-in-magic", "§3.1", sealed: false) { $0 = Array($0.prefix(5)) },
      bytes("ends-in-prologue", "§3.1", sealed: false) { $0 = Array($0.prefix(63)) },
      bytes("version-2", "§3.1") { $0[8] = 2 },
      bytes("required-feature", "§3.2") { $0[15] = 0x80 },
      bytes("prologue-reserved", "§2.2 §3.1") { $0[20] = 1 },
      bytes("byte-behind-the-end", "§2.5", sealed: false) { $0.append(0) },
      bytes("last-byte-missing", "§3.1", sealed: false) { $0.removeLast() },
      bytes("directory-of-0-bytes", "§3.1") { $0 = put(UInt32(0), 44, in: $0) },
      bytes("directory-of-57-bytes", "§3.1") { $0 = put(UInt32(57), 44, in: $0) },
      bytes("too-many-sections", "§2.4", sealed: false) { $0 = put(UInt32(56 * 1_048_577), 44, in: $0) },
      bytes("header-too-large", "§2.4", sealed: false) { $0 = put(UInt32(16_777_217), 40, in: $0) },
      bytes("header-offset", "§3.1", sealed: false) { $0[32] ^= 1 },
      bytes("header-offset-in-prologue", "§3.1", sealed: false) {
        let bytes = EditableFile.directory($0) - 48 - 63
        $0 = put(UInt32(bytes), 40, in: put(UInt64(63), 32, in: $0))
      },
      bytes("directory-offset", "§3.1", sealed: false) { $0[48] ^= 1 },
      bytes("directory-offset-2-to-63", "§2.1 §3.1", sealed: false) { $0[55] = 0x80 },
      bytes("metadata-hash", "§3.4", sealed: false) { $0[56] ^= 1 },
      bytes("damaged-header", "§3.4", sealed: false) { $0[EditableFile.directory($0) - 1] ^= 1 },
      bytes("damaged-directory", "§3.4", sealed: false) { $0[$0.count - 60] ^= 1 },
      bytes("row-reserved", "§4.4") { $0[EditableFile.directory($0) + 44] = 1 },
      bytes("row-offset", "§4.4") { $0[EditableFile.directory($0) + 56 + 48] += 1 },
      bytes("first-section-not-at-64", "§4.4") { $0[EditableFile.directory($0) + 48] = 65 },
      bytes("stored-bytes-beyond-end", "§4.2") { $0 = put(UInt64(1 << 20), EditableFile.directory($0) + 20, in: $0) },
      bytes("stored-bytes-2-to-64", "§2.1 §4.2") { $0 = put(UInt64.max, EditableFile.directory($0) + 20, in: $0) },
      row("required-unknown-kind", "§4.3") { $0 = put(UInt16(0x7F77), $1, in: $0) },
      row("required-kind-0", "§7") { $0 = put(UInt16(0), $1, in: $0) },
      row("encrypted-flag", "§4.3") { $0[$1 + 2] |= 2 },
      row("reserved-flag-7", "§4.3") { $0[$1 + 2] |= 0x80 },
      row("first-token-without-tokens", "§4.2", 0) {
        $0 = put(UInt32(1), $1 + 12, in: $0)
        $0 = put(UInt32(0), $1 + 16, in: $0)
      },
      row("tokens-beyond-2-to-32", "§4.2") { $0 = put(UInt32.max, $1 + 12, in: $0) },
      row("raw-bytes-over-the-limit", "§2.4") { $0 = put(UInt64(1 << 33), $1 + 28, in: $0) },
      row("raw-bytes-2-to-64", "§2.4") { $0 = put(UInt64.max, $1 + 28, in: $0) },
      row("header-twice", "§4.4", 0) { $0 = put(UInt16(1), $1, in: $0) },
      row("last-section-no-header", "§4.4", 5) { $0 = put(UInt16(16), $1, in: $0) },
      row("header-with-layer", "§4.4", 5) { $0 = put(UInt32(0), $1 + 4, in: $0) },
      row("header-with-index", "§4.4", 5) { $0 = put(UInt32(1), $1 + 8, in: $0) },
      row("header-raw-bytes", "§4.4", 5) { $0[$1 + 28] ^= 1 },
      row("same-section-twice", "§4.2", 3) { $0 = put(UInt32(0), $1 + 4, in: $0) },
      bytes("sync-word", "§4.1", sealed: false) { $0[64] ^= 1 },
      bytes("prefix-differs", "§4.1", sealed: false) { $0[64 + 4 + 16] ^= 1 },
      bytes("damaged-payload", "§4.1", sealed: false) { $0[64 + 48] ^= 1 },
      bytes("header-prefix-differs", "§4.1") { $0[Int(EditableFile.number($0, 32, 8)) + 6] ^= 2 },
      VectorCase(name: "two-payloads-that-changed-places", sections: "§4.2 §11") {
        // The hash covers the description, so that keys are not taken for values.
        let file = try lossless()
        var bytes = file.bytes
        let directory = EditableFile.directory(bytes)
        let places = [1, 2].map { Int(EditableFile.number(bytes, directory + 56 * $0 + 48, 8)) + 48 }
        let count = file.sections[1].payload.count
        precondition(count == file.sections[2].payload.count)
        let keys = Array(bytes[places[0]..<places[0] + count])
        bytes.replaceSubrange(places[0]..<places[0] + count, with: bytes[places[1]..<places[1] + count])
        bytes.replaceSubrange(places[1]..<places[1] + count, with: keys)
        return bytes
      },
    ]
  }

  /// A case made of a change in the header record.
  private static func record(
    _ name: String, _ sections: String, _ file: @escaping () throws -> EditableFile = lossless,
    _ edit: @escaping (inout EditableRecord) -> Void
  ) -> VectorCase {
    VectorCase(name: name, sections: sections) {
      var file = try file()
      edit(&file.header)
      return file.bytes
    }
  }

  private static func records() -> [VectorCase] {
    [
      record("field-head-cut", "§5.1") { $0.tail = [0x40, 0, 0] },
      record("field-payload-cut", "§5.1") { $0.tail = [0x40, 0, 0, 0, 9, 0, 0, 0, 1] },
      record("field-length-2-to-32", "§5.1") { $0.tail = [0x40, 0, 0, 0, 255, 255, 255, 255] },
      record("tags-fall", "§5.1") { $0.fields.append(EditableRecord.Field(tag: 0x03, payload: [65])) },
      record("field-twice", "§5.1") { record in
        let place = record.fields.firstIndex { $0.tag == 0x24 }!
        record.fields.insert(record.fields[place], at: place)
      },
      record("required-unknown-field", "§5.2") {
        $0.fields.append(EditableRecord.Field(tag: 0x7F00, flags: 1, payload: []))
      },
      record("required-unknown-field-of-a-layer", "§5.2") { header in
        header.edit(0x20) { $0.fields.append(EditableRecord.Field(tag: 0x7F00, flags: 1, payload: [])) }
      },
      record("reserved-field-flag", "§5.2") { $0.fields[0].flags |= 4 },
      record("text-not-utf-8", "§5.3") { $0[0x03] = [0x66, 0xC3, 0x28] },
      record("u8-of-two-bytes", "§5.3") { $0[0x22] = [1, 0] },
      record("f32-of-three-bytes", "§5.3") { $0[0x24] = [0, 0, 1] },
      record("f64s-of-nine-bytes", "§5.3") { header in header.edit(0x21) { $0[5] = [UInt8](repeating: 0, count: 9) } },
    ]
      + [0x01, 0x10, 0x20, 0x22, 0x23, 0x24].map { (tag: UInt16) in
        record("no-field-\(String(tag, radix: 16))", "§6.1") { $0[tag] = nil }
      }
      + [1, 2, 3].map { (tag: UInt16) in
        record("no-field-\(tag)-of-model", "§6.2") { header in header.edit(0x10) { $0[tag] = nil } }
      }
      + [1, 2, 3, 4, 5, 6, 8].map { (tag: UInt16) in
        record("no-field-\(tag)-of-layers", "§6.3") { header in header.edit(0x20) { $0[tag] = nil } }
      }
      + (1...6).map { (tag: UInt16) in
        record("no-field-\(tag)-of-rope", "§6.4") { header in header.edit(0x21) { $0[tag] = nil } }
      }
  }

  private static func header() -> [VectorCase] {
    func layers(_ name: String, _ tag: UInt16, _ value: UInt32, _ sections: String = "§6.3") -> VectorCase {
      record(name, sections) { header in header.edit(0x20) { $0[tag] = little(value) } }
    }
    func rope(_ name: String, _ tag: UInt16, _ payload: [UInt8]) -> VectorCase {
      record(name, "§6.4") { header in header.edit(0x21) { $0[tag] = payload } }
    }
    func number(_ x: Double) -> [UInt8] { little(x.bitPattern) }
    func number(_ x: Float) -> [UInt8] { little(x.bitPattern) }
    return [
      record("profile-4", "§6.1") { $0[0x01] = [4, 0] },
      record("key-type-0", "§6.6") { $0[0x22] = [0] }, record("value-type-4", "§6.6") { $0[0x23] = [4] },
      record("attention-scale-0", "§6.1") { $0[0x24] = number(Float(0)) },
      record("attention-scale-nan", "§6.1") { $0[0x24] = number(Float.nan) },
      record("attention-softcap-infinite", "§6.1") { $0[0x25] = number(Float.infinity) },
      layers("no-layers-in-a-run", 1, 0), layers("too-many-layers", 1, 65_537), layers("kv-heads-0", 2, 0),
      layers("query-heads-0", 3, 0), layers("head-dimension-65537", 4, 65_537),
      layers("tokens-2-to-31", 5, 1 << 31), layers("a-layer-over-the-limit", 5, (1 << 31) - 1),
      layers("position-beyond-2-to-31", 6, (1 << 31) - 3), layers("sliding-window-0", 7, 0), layers("rope-9", 8, 9),
      record("query-heads-no-multiple", "§6.3") { header in
        header.edit(0x20) {
          $0[2] = little(UInt32(2))
          $0[3] = little(UInt32(3))
        }
      },
      record("a-cache-over-the-limit", "§6.3") { header in
        header.edit(0x20) {
          $0[1] = little(UInt32(65_536))
          $0[5] = little(UInt32(5_000_000))
        }
      },
      rope("pairing-3", 1, [3]), rope("dimensions-of-another-count", 2, little(UInt32(4))),
      rope("base-0", 3, number(0.0)), rope("magnitude-negative", 6, number(-1.0)),
      rope("frequency-infinite", 5, number(Double.infinity)),
      record("more-dimensions-than-the-head", "§6.4") { header in
        header.edit(0x21) {
          $0[2] = little(UInt32(4))
          $0[5] = number(1.0) + number(0.1)
        }
      },
      record("errors-of-another-count", "§6.5") { header in header.edit(0x30) { $0[2]! += [0, 0, 0, 0] } },
      record("basis-hash-of-capitals", "§6.1", InvalidPayloads.spectral) { $0[0x51] = Array("0123456789ABCDEF".utf8) },
      record("basis-hash-of-15-digits", "§6.1", InvalidPayloads.spectral) { $0[0x51] = Array("0123456789abcde".utf8) },
      record("basis-bytes-2-to-63", "§6.1", InvalidPayloads.spectral) { $0[0x52] = little(UInt64(1) << 63) },
      record("no-group-sizes", "§6.1", InvalidPayloads.spectral) { $0[0x50] = nil },
      record("group-of-no-layers", "§13.1", InvalidPayloads.spectral) {
        $0[0x50] = little(UInt32(0)) + little(UInt32(2))
      },
      record("groups-of-too-few-layers", "§13.1", InvalidPayloads.spectral) { $0[0x50] = little(UInt32(1)) },
      record("groups-of-too-many-layers", "§13.1", InvalidPayloads.spectral) { $0[0x50] = little(UInt32(3)) },
      record("group-of-unlike-layers", "§13.1", InvalidPayloads.spectral) { header in
        header.edit(0x20) { $0[1] = little(UInt32(1)) }
        var other = EditableRecord(header[0x20]!)
        other[7] = little(UInt32(64))
        let place = header.fields.firstIndex { $0.tag == 0x20 }!
        header.fields.insert(EditableRecord.Field(tag: 0x20, flags: 1, payload: other.bytes), at: place + 1)
      },
      record("step-0-for-extending", "§13.6", InvalidPayloads.spectral) { header in
        header.edit(0x53) { $0[1] = number(Float(0)) }
      },
      record("window-coding-2", "§13.6", InvalidPayloads.spectral) { header in header.edit(0x53) { $0[4] = [2] } },
      record("segments-of-0-tokens", "§13.6", InvalidPayloads.spectral) { header in
        header.edit(0x53) { $0[5] = little(UInt32(0)) }
      },
    ]
  }
}
