extension [UInt8] {
  /// The integers that lie in these bytes, lowest byte first; bytes that do not fill one are left out.
  func littleEndian<Value: FixedWidthInteger>(as type: Value.Type) -> [Value] {
    let size = MemoryLayout<Value>.size
    return withUnsafeBytes { bytes in
      (0..<count / size).map { Value(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * size, as: Value.self)) }
    }
  }
}

extension Float {
  /// The number whose IEEE 754 binary16 encoding is `bits`; every binary16 number is exact in binary32.
  ///
  /// Swift's `Float16` would do the same, but Intel Macs do not have it.
  init(halfBits bits: UInt16) {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 0x1F)
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      let magnitude = Float(fraction) * 0x1p-24
      self = Float(bitPattern: sign | magnitude.bitPattern)
    case 31:
      self = Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default:
      self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
