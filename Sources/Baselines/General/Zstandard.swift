import CZstd

/// Zstandard frames (RFC 8878).
enum Zstandard {
  /// One frame that holds `bytes`.
  static func encode(_ bytes: [UInt8], level: Int) throws -> [UInt8] {
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let size = ZSTD_compress(&output, output.count, bytes, bytes.count, Int32(level))
    try check(size)
    return Array(output[..<size])
  }

  /// The `count` bytes that a frame holds.
  ///
  /// - Throws: `BaselineError.library` if it is damaged or holds another number of bytes.
  static func decode(_ frame: [UInt8], count: Int) throws -> [UInt8] {
    var output = [UInt8](repeating: 0, count: count)
    let size = ZSTD_decompress(&output, count, frame, frame.count)
    try check(size)
    guard size == count else {
      throw BaselineError.library(name: "zstd", problem: "frame holds \(size) bytes, \(count) are due")
    }
    return output
  }

  private static func check(_ size: Int) throws {
    guard ZSTD_isError(size) == 0 else {
      throw BaselineError.library(name: "zstd", problem: String(cString: ZSTD_getErrorName(size)))
    }
  }
}
