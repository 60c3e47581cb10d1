import CXXHash
import FileIO

/// A running XXH3-128 (seed 0) over numbers, texts and pieces of files.
final class FingerprintHash {
  private let state: OpaquePointer

  init() {
    guard let state = XXH3_createState() else { preconditionFailure("no memory for a hash state") }
    XXH3_128bits_reset(state)
    self.state = state
  }

  deinit { XXH3_freeState(state) }

  /// Adds a number as a little-endian UInt64.
  func add(_ number: Int) {
    withUnsafeBytes(of: UInt64(number).littleEndian) { _ = XXH3_128bits_update(state, $0.baseAddress, 8) }
  }

  /// Adds a text: its length in bytes, then its bytes.
  func add(_ text: String) {
    let bytes = Array(text.utf8)
    add(bytes.count)
    bytes.withUnsafeBytes { _ = XXH3_128bits_update(state, $0.baseAddress, $0.count) }
  }

  /// Adds `count` bytes of a file, 1 MiB at a time.
  ///
  /// - Throws: `FileError` if reading failed.
  func add(_ file: FileReader, from start: Int, count: Int) throws {
    var offset = start
    while offset < start + count {
      let bytes = try file.read(at: offset, count: min(1 << 20, start + count - offset))
      bytes.withUnsafeBytes { _ = XXH3_128bits_update(state, $0.baseAddress, $0.count) }
      offset += bytes.count
    }
  }

  /// Adds all of N bytes if N ≤ pieces · pieceBytes, else evenly spread pieces: piece i from
  /// ⌊i · (N − pieceBytes) / (pieces − 1)⌋. `pieces` is 2 or more.
  ///
  /// - Throws: `FileError` if reading failed.
  func addSamples(of file: FileReader, from start: Int, count: Int, pieces: Int, pieceBytes: Int) throws {
    guard count > pieces * pieceBytes else { return try add(file, from: start, count: count) }
    let span = UInt64(count - pieceBytes)
    for piece in 0..<UInt64(pieces) {
      let (high, low) = span.multipliedFullWidth(by: piece)
      let offset = UInt64(pieces - 1).dividingFullWidth((high, low)).quotient
      try add(file, from: start + Int(offset), count: pieceBytes)
    }
  }

  /// The digest in xxHash's canonical order (high half first, big-endian): 32 lower-case hexadecimal digits.
  var digits: String {
    var canonical = XXH128_canonical_t()
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state))
    return withUnsafeBytes(of: canonical) { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
  }
}
