import Coding
import FKVFormat

/// The optional section with the prompt's token ids (formats/fkv.md §7.1).
enum TokenSection {
  /// Adds the section; its raw bytes are the ids as 32-bit integers.
  static func add(_ tokens: [Int32], to writer: FKVWriter) throws {
    let raw = tokens.withUnsafeBytes { Array($0) }
    try writer.add(
      .tokens, tokens: 0..<tokens.count, flags: [], rawBytes: raw.count,
      payload: PlanedLZ4.encode(raw, elementSize: 4))
  }

  /// The token ids, `least` of them or more; nil if the file holds none.
  static func read(_ reader: FKVReader, atLeast least: Int) throws -> [Int32]? {
    guard let entry = reader.section(.tokens) else { return nil }
    guard entry.rawBytes % 4 == 0 else {
      throw CodecError.badValue(
        place: "tokens", field: "raw bytes", declared: "\(entry.rawBytes)", allowed: "a multiple of 4")
    }
    guard entry.rawBytes / 4 >= least else {
      throw CodecError.badValue(
        place: "tokens", field: "count", declared: "\(entry.rawBytes / 4)",
        allowed: "at least \(least), as many as a layer caches")
    }
    let raw = try PlanedLZ4.decode(reader.payload(of: entry), elementSize: 4, rawCount: entry.rawBytes)
    return raw.withUnsafeBytes { bytes in
      (0..<raw.count / 4).map { Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)) }
    }
  }
}
