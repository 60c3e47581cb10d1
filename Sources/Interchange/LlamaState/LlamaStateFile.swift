import FileIO

/// The directory of a llama.cpp state file: one sequence's tokens, cells, and where keys and values lie.
///
/// Read: sequence files of versions 3 and 4 and session files of versions 10 and 11, of plain attention memories and
/// of the pair of memories that models with sliding-window layers have (llama-kv-cache.cpp, llama-kv-cache-iswa.cpp).
/// The layout is taken that ends exactly at the file's end; every count is checked against the file before anything
/// is allocated. Keys and values themselves are read by `LlamaStateCache`, a layer at a time.
public struct LlamaStateFile: Sendable {
  public let file: FileReader
  public let format: LlamaStateFormat
  /// The sequence's tokens as the writer gave them: plain ids, or a server's packed payload.
  public let tokens: [Int32]
  /// The architecture that a session file names; nil in sequence files.
  public let architecture: String?
  /// One memory, or full-attention layers first and sliding-window layers second.
  public let blobs: [LlamaStateBlob]

  /// Opens and reads the directory of the file at `path`.
  ///
  /// - Throws: `FileError` if the file cannot be read, `LlamaStateError` if it is no state file, has an unknown
  ///   version, holds several sequences, or no known layout fits it.
  public init(path: String) throws { try self.init(file: FileReader(path: path)) }

  /// Reads the directory of an open file; throws as `init(path:)` does, the error of the first layout if none fits.
  public init(file: FileReader) throws {
    var firstError: (any Error)?
    for cellExtensionBytes in [0, 12] {
      var parser = try LlamaStateParser(file: file, cellExtensionBytes: cellExtensionBytes)
      do {
        try parser.parse()
      } catch let error as LlamaStateError {
        firstError = firstError ?? error
        continue
      }
      self.file = file
      format = LlamaStateFormat(
        container: parser.container, version: parser.version, cellExtensionBytes: cellExtensionBytes,
        blobCount: parser.blobs.count)
      tokens = parser.tokens
      architecture = parser.architecture
      blobs = parser.blobs
      return
    }
    throw firstError!
  }
}
