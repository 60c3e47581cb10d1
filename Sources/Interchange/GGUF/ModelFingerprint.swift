import CXXHash
import FileIO

/// Names a model file by what is in it, without reading all of it.
public enum ModelFingerprint {
  /// Pieces of tensor data that are hashed, evenly spread, and the bytes of each.
  public static let pieces = 64
  public static let pieceBytes = 4096

  /// XXH3-128 (seed 0) of a GGUF file's directory, size and samples of its data: 32 lower-case hexadecimal digits.
  ///
  /// Hashed, in this order:
  /// 1. bytes 0 ..< S, where S = `dataOffset` or the file's size if that is less: header, metadata, tensor
  ///    directory and its padding;
  /// 2. the file's size as a little-endian UInt64;
  /// 3. with N bytes of data from S to the file's end: all of them if N ≤ 64 · 4096, else 64 pieces of 4096 bytes,
  ///    piece i from S + ⌊i · (N − 4096) / 63⌋.
  ///
  /// The digest is printed in xxHash's canonical order (high half first, big-endian).
  ///
  /// - Throws: `FileError` if reading failed.
  /// - Complexity: O(S) time, 1 MiB of memory.
  public static func compute(_ gguf: GGUFFile) throws -> String {
    let file = gguf.file
    guard let state = XXH3_createState() else { preconditionFailure("no memory for a hash state") }
    defer { XXH3_freeState(state) }
    XXH3_128bits_reset(state)

    let start = min(gguf.dataOffset, file.byteCount)
    try hash(file, from: 0, count: start, into: state)
    withUnsafeBytes(of: UInt64(file.byteCount).littleEndian) { _ = XXH3_128bits_update(state, $0.baseAddress, 8) }
    let dataBytes = file.byteCount - start
    if dataBytes <= pieces * pieceBytes {
      try hash(file, from: start, count: dataBytes, into: state)
    } else {
      let span = UInt64(dataBytes - pieceBytes)
      for piece in 0..<UInt64(pieces) {
        let (high, low) = span.multipliedFullWidth(by: piece)
        let offset = UInt64(pieces - 1).dividingFullWidth((high, low)).quotient
        try hash(file, from: start + Int(offset), count: pieceBytes, into: state)
      }
    }
    var canonical = XXH128_canonical_t()
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state))
    return withUnsafeBytes(of: canonical) { $0.map(hexadecimal).joined() }
  }

  private static func hash(_ file: FileReader, from start: Int, count: Int, into state: OpaquePointer) throws {
    var offset = start
    while offset < start + count {
      let bytes = try file.read(at: offset, count: min(1 << 20, start + count - offset))
      bytes.withUnsafeBytes { _ = XXH3_128bits_update(state, $0.baseAddress, $0.count) }
      offset += bytes.count
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
  }
}
