/// Bytes in an array.
public struct MemorySource: ByteSource {
  /// What is read from.
  public let bytes: [UInt8]
  /// What errors call it.
  public let name: String

  /// A source of those bytes, which are not copied.
  ///
  /// - Parameter name: what errors call it.
  public init(_ bytes: [UInt8], name: String = "memory") {
    self.bytes = bytes
    self.name = name
  }

  /// Bytes in all.
  public var byteCount: Int { bytes.count }

  /// Copies the bytes from `offset` on; throws `FileError.beyondEnd` if there are fewer.
  public func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try checkRange(offset: offset, count: target.count)
    bytes.withUnsafeBytes {
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + target.count]))
    }
  }
}

/// Bytes of memory that somebody else owns and keeps, as a caller of the C interface does: they are not copied.
public struct BorrowedSource: ByteSource, @unchecked Sendable {
  private let buffer: UnsafeRawBufferPointer
  /// What errors call it.
  public let name: String

  /// A source of the bytes in `buffer`, which must stay as they are for as long as anything reads from the source.
  public init(_ buffer: UnsafeRawBufferPointer, name: String = "memory") {
    self.buffer = buffer
    self.name = name
  }

  /// Bytes in all.
  public var byteCount: Int { buffer.count }

  /// Copies the bytes from `offset` on; throws `FileError.beyondEnd` if there are fewer.
  public func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws {
    try checkRange(offset: offset, count: target.count)
    guard target.count > 0 else { return }
    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + target.count]))
  }
}
