/// Joins bytes that come in pieces into text: a character that a piece cuts is held back until it is whole.
struct UTF8Assembler {
  private var pending: [UInt8] = []

  /// The text of all whole characters that are there by now and were not returned before; bytes that are no UTF-8 become
  /// U+FFFD.
  mutating func add(_ bytes: [UInt8]) -> String {
    pending += bytes
    let whole = pending.count - Self.openBytes(at: pending)
    defer { pending.removeFirst(whole) }
    return String(decoding: pending[..<whole], as: UTF8.self)
  }

  /// What was held back, repaired.
  mutating func finish() -> String {
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  /// How many of the last bytes are the beginning of a character that is not whole: 0…3.
  private static func openBytes(at bytes: [UInt8]) -> Int {
    for back in 1...3 where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte & 0xC0 == 0x80 { continue }
      let length = byte < 0xC2 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF5 ? 4 : 1
      return length > back ? back : 0
    }
    return 0
  }
}
