/// Takes little-endian numbers off untrusted bytes; everything is checked against what is left before it is read.
struct ByteParser {
  /// What errors call the bytes: "layer 3 key".
  let place: String
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8], place: String) {
    self.place = place
    rest = bytes[...]
  }

  /// Bytes that were not taken yet.
  var remaining: Int { rest.count }

  /// The next `count` bytes; throws `CodecError.truncated` if there are fewer.
  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= rest.count else {
      throw CodecError.truncated(place: place, needed: count, found: rest.count)
    }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws -> Number {
    let bytes = try take(MemoryLayout<Number>.size)
    return bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(as: Number.self)) }
  }

  mutating func count32() throws -> Int { Int(try number(UInt32.self)) }

  /// A 64-bit byte count that must lie within what is left.
  mutating func byteCount64(_ field: String) throws -> Int {
    let declared = try number(UInt64.self)
    guard declared <= UInt64(rest.count) else {
      throw CodecError.badValue(
        place: place, field: field, declared: "\(declared)", allowed: "at most the \(rest.count) bytes left")
    }
    return Int(declared)
  }

  mutating func array16(_ count: Int) throws -> [UInt16] {
    let (size, overflow) = count.multipliedReportingOverflow(by: 2)
    let bytes = try take(overflow ? Int.max : size)
    return bytes.withUnsafeBytes { raw in (0..<count).map { raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self) }
    }
  }

  mutating func floats(_ count: Int) throws -> [Float] {
    let (size, overflow) = count.multipliedReportingOverflow(by: 4)
    let bytes = try take(overflow ? Int.max : size)
    return bytes.withUnsafeBytes { raw in (0..<count).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  /// Positive numbers that features may be multiplied by and divided by.
  mutating func weights(_ count: Int) throws -> [Float] {
    let weights = try floats(count)
    guard weights.allSatisfy({ $0.isFinite && $0 >= 1e-30 && $0 <= 1e30 }) else {
      throw CodecError.badValue(
        place: place, field: "weights", declared: "zero, negative, NaN or extreme", allowed: "1e-30…1e30")
    }
    return weights
  }

  /// Throws `CodecError.truncated` or `.trailingBytes` unless exactly `count` bytes are left.
  func expect(_ count: Int) throws {
    guard count <= rest.count else {
      throw CodecError.truncated(place: place, needed: count, found: rest.count)
    }
    guard count == rest.count else {
      throw CodecError.trailingBytes(place: place, count: rest.count - count)
    }
  }
}
