/// The decoder of `RangeEncoder`'s bytes.
struct RangeDecoder {
  private let bytes: [UInt8]
  private var next: Int
  private var range: UInt32 = .max
  private var code: UInt32 = 0
  private var unit: UInt32 = 1

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    next = 0
    for _ in 0..<4 { code = code << 8 | UInt32(byte()) }
  }

  /// Whether more bytes were asked for than there are: the stream is damaged.
  var isOverrun: Bool { next > bytes.count }

  /// Where in 0 ..< `total` the next symbol lies; to be followed by `advance`.
  mutating func position(total: UInt32) -> UInt32 {
    unit = range / total
    return min(code / unit, total - 1)
  }

  /// Takes the symbol at `start` ..< `start + size` off the stream.
  mutating func advance(start: UInt32, size: UInt32) {
    code &-= start &* unit
    range = size &* unit
    while range < 1 << 24 {
      guard range > 0 else {
        // Only a damaged stream comes here.
        next = bytes.count + 1
        range = .max
        return
      }
      code = code << 8 | UInt32(byte())
      range <<= 8
    }
  }

  private mutating func byte() -> UInt8 {
    defer { next += 1 }
    return next < bytes.count ? bytes[next] : 0
  }
}
