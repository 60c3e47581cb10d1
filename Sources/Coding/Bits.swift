/// Bits appended from the top of each byte.
struct BitWriter {
  private(set) var bytes: [UInt8] = []
  private var free = 0

  mutating func append(_ bit: Bool) {
    if free == 0 {
      bytes.append(0)
      free = 8
    }
    free -= 1
    if bit { bytes[bytes.count - 1] |= 1 << UInt8(free) }
  }

  /// Appends `value` ≥ 0 in exponential Golomb code: with n = value + 2^order of b bits, b − 1 − order zeros, then n.
  mutating func appendGolomb(_ value: Int, order: Int) {
    let number = value + 1 << order
    let top = Int.bitWidth - 1 - number.leadingZeroBitCount
    for _ in 0..<top - order { append(false) }
    for bit in (0...top).reversed() { append(number >> bit & 1 == 1) }
  }

  /// The bits of `value` in exponential Golomb code.
  static func golombBits(_ value: Int, order: Int) -> Int {
    2 * (Int.bitWidth - 1 - (value + 1 << order).leadingZeroBitCount) + 1 - order
  }

  /// Appends an escaped value that exceeds its table's escape by `excess`: order 0, then the sign.
  mutating func appendEscape(_ excess: Int, negative: Bool) {
    appendGolomb(excess, order: 0)
    append(negative)
  }
}

/// Bits read from the top of each byte.
struct BitReader {
  private let bytes: UnsafeRawBufferPointer
  private var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The bits that were not read.
  var left: Int { 8 * bytes.count - at }

  /// Whether what was not read is the filling of the last byte: fewer than 8 bits, all 0.
  var isAtEnd: Bool { left == 0 || left < 8 && bytes[bytes.count - 1] & UInt8(1 << left - 1) == 0 }

  mutating func read() -> Int? {
    guard at < 8 * bytes.count else { return nil }
    defer { at += 1 }
    return Int(bytes[at >> 3] >> UInt8(7 - at & 7) & 1)
  }

  /// A value that `appendGolomb` wrote, of at most 17 bits with 2^order added; nil if there is none.
  mutating func readGolomb(order: Int) -> Int? {
    var top = order
    while let bit = read() {
      if bit == 1 {
        var number = 1
        for _ in 0..<top {
          guard let next = read() else { return nil }
          number = number << 1 | next
        }
        return number - 1 << order
      }
      top += 1
      guard top <= 16 else { return nil }
    }
    return nil
  }
}
