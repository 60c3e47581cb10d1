/// Reads little-endian fields one after the other from bytes that somebody else wrote.
struct ByteCursor {
  private let content: [UInt8]
  /// The file, for errors.
  let path: String
  /// Where in the file `content` begins.
  let base: Int
  private let fileBytes: Int
  /// The next byte of `content`.
  private(set) var offset = 0

  init(_ content: [UInt8], path: String, base: Int, fileBytes: Int) {
    self.content = content
    self.path = path
    self.base = base
    self.fileBytes = fileBytes
  }

  /// Whether all has been read.
  var isAtEnd: Bool { offset == content.count }

  /// The next `count` bytes.
  ///
  /// - Throws: `ForeignError.truncated` if fewer are left.
  mutating func bytes(_ count: Int, _ what: String) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= content.count - offset else {
      throw ForeignError.truncated(
        path: path, what: what, offset: base + offset, wanted: count, fileBytes: fileBytes)
    }
    defer { offset += count }
    return content[offset..<offset + count]
  }

  /// Passes over `count` bytes.
  mutating func skip(_ count: Int, _ what: String) throws { _ = try bytes(count, what) }

  /// The next integer.
  mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type, _ what: String) throws -> Value {
    try Array(bytes(MemoryLayout<Value>.size, what)).littleEndian(as: type)[0]
  }

  /// The next 64-bit number, which must fit `Int`.
  mutating func size(_ what: String) throws -> Int {
    let value = try integer(UInt64.self, what)
    guard let size = Int(exactly: value) else {
      throw ForeignError.invalid(path: path, what: what, expected: "a size below 2^63", found: String(value))
    }
    return size
  }
}
