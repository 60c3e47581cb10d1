import FileIO

/// Reads a file from front to back in small pieces; every read is checked against the file's end first.
struct FileCursor {
  let file: FileReader
  /// Where the next read begins.
  private(set) var offset: Int
  private var buffer: [UInt8] = []
  private var bufferStart = 0
  /// Makes the format's own error for a read that would pass the end: what, where, bytes wanted.
  private let overrun: @Sendable (_ what: String, _ offset: Int, _ wanted: UInt64) -> any Error

  /// Bytes that are buffered at once.
  static let bufferSize = 1 << 16

  init(
    file: FileReader, offset: Int = 0,
    overrun: @escaping @Sendable (_ what: String, _ offset: Int, _ wanted: UInt64) -> any Error
  ) {
    self.file = file
    self.offset = offset
    self.overrun = overrun
  }

  /// Bytes between the next read and the file's end.
  var remaining: Int { file.byteCount - offset }

  /// Throws unless `count` units of `unit` bytes each are left in the file; returns their bytes.
  func check(_ count: UInt64, unit: UInt64 = 1, _ what: String) throws -> Int {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit)
    guard !overflow, bytes <= UInt64(remaining) else { throw overrun(what, offset, overflow ? .max : bytes) }
    return Int(bytes)
  }

  /// Moves on by `count` bytes, which must be in the file.
  mutating func skip(_ count: UInt64, _ what: String) throws { offset += try check(count, what) }

  /// The next little-endian integer.
  mutating func integer<Integer: FixedWidthInteger>(_ what: String, as type: Integer.Type = Integer.self) throws
    -> Integer
  {
    let size = MemoryLayout<Integer>.size
    try fill(size, what)
    let value = buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset - bufferStart, as: Integer.self) }
    offset += size
    return Integer(littleEndian: value)
  }

  /// The next `count` bytes; nothing is allocated unless the file holds them.
  mutating func bytes(_ count: UInt64, _ what: String) throws -> [UInt8] {
    let count = try check(count, what)
    defer { offset += count }
    guard count <= Self.bufferSize else { return try file.read(at: offset, count: count) }
    try fill(count, what)
    let start = offset - bufferStart
    return Array(buffer[start..<start + count])
  }

  private mutating func fill(_ count: Int, _ what: String) throws {
    _ = try check(UInt64(count), what)
    guard offset < bufferStart || offset + count > bufferStart + buffer.count else { return }
    buffer = try file.read(at: offset, count: min(remaining, Self.bufferSize))
    bufferStart = offset
  }
}
