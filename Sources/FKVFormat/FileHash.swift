import FileIO

/// The hash of any file's bytes, by which a report says what it was made of.
public enum FileHash {
  /// XXH3-64 (seed 0) of a file's bytes and how many they are: what `xxhsum -H3` prints.
  ///
  /// - Throws: `FileError` if the file cannot be read.
  /// - Complexity: O(bytes) time, 1 MiB of memory.
  public static func xxh3(of path: String) throws -> (hash: UInt64, bytes: Int) {
    let file = try FileReader(path: path)
    let hash = ContentHash()
    var done = 0
    while done < file.byteCount {
      let piece = try file.read(at: done, count: min(Layout.pieceBytes, file.byteCount - done))
      hash.update(piece)
      done += piece.count
    }
    return (hash.value, done)
  }
}
