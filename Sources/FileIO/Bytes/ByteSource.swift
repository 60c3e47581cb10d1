/// Bytes that a reader takes from any place, in any order: a file, a mapped file, memory, or a caller's own store.
///
/// The bytes must stay the same for as long as anybody reads them. Reads come from several threads at once.
public protocol ByteSource: Sendable {
  /// What errors call it: the path of a file, `memory` for an array.
  var name: String { get }
  /// Bytes in all.
  var byteCount: Int { get }

  /// Fills `target` with the bytes from `offset` on.
  ///
  /// - Throws: `FileError.beyondEnd` if there are fewer; whatever the place gives as reason for not reading them.
  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws
}

extension ByteSource {
  /// `count` bytes at `offset`.
  ///
  /// - Throws: `FileError.beyondEnd` before anything is allocated if there are fewer; what `read(at:into:)` throws.
  public func read(at offset: Int, count: Int) throws -> [UInt8] {
    try checkRange(offset: offset, count: count)
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(
        at: offset, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
      initialized = count
    }
  }

  /// Throws `FileError.beyondEnd` unless the source holds `count` bytes at `offset`.
  public func checkRange(offset: Int, count: Int) throws {
    guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
      throw FileError.beyondEnd(path: name, offset: offset, count: count, fileBytes: byteCount)
    }
  }
}

extension FileReader: ByteSource {
  /// The file's path.
  public var name: String { path }
}
