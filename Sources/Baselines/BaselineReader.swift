/// Takes little-endian numbers off bytes; nothing is read that is not there.
struct BaselineReader {
  let place: String
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8], place: String) {
    self.bytes = bytes
    self.place = place
  }

  var remaining: Int { bytes.count - position }

  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else {
      throw BaselineError.truncated(place: place, needed: count, found: remaining)
    }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
    try take(MemoryLayout<Number>.size).withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(as: Number.self)) }
  }

  mutating func half() throws -> Float { Float(Float16(bitPattern: try number(UInt16.self))) }

  /// Throws unless everything was taken.
  func finish() throws {
    guard remaining == 0 else { throw BaselineError.trailingBytes(place: place, count: remaining) }
  }
}
