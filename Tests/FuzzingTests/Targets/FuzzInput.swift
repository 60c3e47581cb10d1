/// Takes an input apart from its first byte on; what is not there reads as 0.
struct FuzzInput {
  private(set) var rest: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

  /// The next byte.
  mutating func byte() -> Int {
    guard let first = rest.first else { return 0 }
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
    return Int(first)
  }

  /// The next two bytes, low byte first.
  mutating func word() -> Int {
    let low = byte()
    return low | byte() << 8
  }

  /// All that is left.
  var bytes: [UInt8] { Array(rest) }
}
