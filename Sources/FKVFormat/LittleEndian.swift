extension Array where Element == UInt8 {
  /// The little-endian integer at `offset`; traps if the bytes are not there.
  func integer<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type = Value.self) -> Value {
    precondition(offset >= 0 && offset <= count - MemoryLayout<Value>.size, "reads past the end")
    return withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
  }

  /// Adds the integer's bytes, lowest first.
  mutating func append(integer value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}

/// `0x00ff`: the number with all the digits of its type.
func hexadecimal(_ value: some FixedWidthInteger & UnsignedInteger) -> String {
  let digits = String(value, radix: 16)
  return "0x" + String(repeating: "0", count: max(0, value.bitWidth / 4 - digits.count)) + digits
}
