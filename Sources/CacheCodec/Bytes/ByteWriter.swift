/// Appends little-endian numbers to bytes.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ more: [UInt8]) { bytes += more }

  mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ number: Float) { append(number.bitPattern) }

  /// Appends an array's elements one after the other.
  mutating func append(_ numbers: [UInt16]) { numbers.withUnsafeBytes { bytes.append(contentsOf: $0) } }
  mutating func append(_ numbers: [Float]) { numbers.withUnsafeBytes { bytes.append(contentsOf: $0) } }
}
