import FileIO

/// The directory of a llama.cpp state file: tokens, cells, and where keys and values lie.
///
/// Read: sequence files of versions 2 to 4 and session files of versions 9 to 11, of plain attention memories and of
/// the pair of memories that models with sliding-window layers have (llama-kv-cache.cpp, llama-kv-cache-iswa.cpp).
/// The layout is taken that ends exactly at the file's end; every count is checked against the file before anything
/// is allocated. Keys and values themselves are read by `LlamaStateCache`, a layer at a time.
public struct LlamaStateFile: Sendable {
  public let file: FileReader
  public let format: LlamaStateFormat
  /// The tokens as the writer gave them: plain ids, or a server's packed payload (`LlamaTokenPayload`).
  public let tokens: [Int32]
  /// The architecture that a session file names; nil in sequence files.
  public let architecture: String?
  /// The streams of one memory, or of full-attention layers first and of sliding-window layers second.
  public let memories: [[LlamaStateStream]]

  /// Opens and reads the directory of the file at `path`.
  ///
  /// - Throws: `FileError` if the file cannot be read, `LlamaStateError` if it is no state file, has an unknown
  ///   version, or no known layout fits it.
  public init(path: String) throws { try self.init(file: FileReader(path: path)) }

  /// Reads the directory of an open file; throws as `init(path:)` does, the error of the first layout if none fits.
  public init(file: FileReader) throws {
    let (container, version) = try LlamaStateParser.head(of: file)
    var firstError: (any Error)?
    for candidate in LlamaStateFormat.candidates(container, version: version) {
      var parser = LlamaStateParser(file: file, format: candidate)
      do {
        try parser.parse()
      } catch let error as LlamaStateError {
        firstError = firstError ?? error
        continue
      }
      self.file = file
      format = parser.format
      tokens = parser.tokens
      architecture = parser.architecture
      memories = parser.memories
      return
    }
    throw firstError!
  }

  /// The sequences that cells belong to, in ascending order.
  public var sequences: [Int32] {
    memories.joined().reduce(into: Set<Int32>()) { $0.formUnion($1.sequenceIDs) }.sorted()
  }
}
