import FileIO

/// The fingerprint of scheme 1, which caches hold that were made before scheme 2 (`ModelFingerprint`).
///
/// It covers one file only: two split models whose first parts are equal have one fingerprint of this scheme.
public enum FormerModelFingerprint {
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
    let hash = FingerprintHash()
    let start = min(gguf.dataOffset, file.byteCount)
    try hash.add(file, from: 0, count: start)
    hash.add(file.byteCount)
    try hash.addSamples(
      of: file, from: start, count: file.byteCount - start, pieces: pieces, pieceBytes: pieceBytes)
    return hash.digits
  }
}
