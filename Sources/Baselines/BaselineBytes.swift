/// Appends little-endian numbers to bytes.
struct BaselineWriter {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  mutating func add(_ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// The number of binary16 that is nearest.
  mutating func addHalf(_ value: Float) { add(Float16(value).bitPattern) }
}

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

/// Small unsigned numbers in few bits each, the first in the lowest bits of the first byte.
enum BitPacking {
  /// ⌈count·bits/8⌉.
  static func byteCount(_ count: Int, bits: Int) -> Int { (count * bits + 7) / 8 }

  /// `numbers`, each below 2^`bits`, in `byteCount` bytes; the last byte is filled with zeros.
  static func pack(_ numbers: [UInt8], bits: Int) -> [UInt8] {
    precondition((1...8).contains(bits))
    if bits == 8 { return numbers }
    var output = [UInt8](repeating: 0, count: byteCount(numbers.count, bits: bits))
    var (buffer, filled, next): (UInt32, Int, Int) = (0, 0, 0)
    for number in numbers {
      buffer |= UInt32(number) << filled
      filled += bits
      while filled >= 8 {
        output[next] = UInt8(truncatingIfNeeded: buffer)
        next += 1
        buffer >>= 8
        filled -= 8
      }
    }
    if filled > 0 { output[next] = UInt8(truncatingIfNeeded: buffer) }
    return output
  }

  /// The `count` numbers that `bytes` hold; `bytes.count` is `byteCount(count, bits:)`.
  static func unpack(_ bytes: ArraySlice<UInt8>, count: Int, bits: Int) -> [UInt8] {
    precondition((1...8).contains(bits) && bytes.count == byteCount(count, bits: bits))
    if bits == 8 { return Array(bytes) }
    let mask = UInt32(1) << bits - 1
    var (buffer, filled, next): (UInt32, Int, Int) = (0, 0, bytes.startIndex)
    return [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      for i in 0..<count {
        if filled < bits {
          buffer |= UInt32(bytes[next]) << filled
          next += 1
          filled += 8
        }
        target[i] = UInt8(buffer & mask)
        buffer >>= bits
        filled -= bits
      }
      initialized = count
    }
  }
}
