import CZlib

/// zlib streams (RFC 1950: DEFLATE with header and Adler-32).
enum Deflate {
  /// The zlib stream of `bytes`.
  static func encode(_ bytes: [UInt8], level: Int32 = 6) throws -> [UInt8] {
    var size = compressBound(uLong(bytes.count))
    var output = [UInt8](repeating: 0, count: Int(size))
    let status = compress2(&output, &size, bytes, uLong(bytes.count), level)
    guard status == Z_OK else { throw BaselineError.library(name: "zlib", problem: "compress2 returned \(status)") }
    return Array(output[..<Int(size)])
  }

  /// The `count` bytes that a stream holds.
  ///
  /// - Throws: `BaselineError.library` if it is damaged or holds another number of bytes; `badValue` for a count that no
  ///   stream of this size can hold (DEFLATE expands at most 1032 times).
  static func decode(_ stream: [UInt8], count: Int, place: String) throws -> [UInt8] {
    guard count >= 0, count / 1032 <= stream.count else {
      throw BaselineError.badValue(place: place, field: "byte count", declared: count)
    }
    var size = uLongf(count)
    var output = [UInt8](repeating: 0, count: max(count, 1))
    let status = uncompress(&output, &size, stream, uLong(stream.count))
    guard status == Z_OK, Int(size) == count else {
      throw BaselineError.library(name: "zlib", problem: "uncompress returned \(status), \(size) of \(count) bytes")
    }
    return Array(output[..<count])
  }
}
