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
