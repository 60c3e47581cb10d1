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
  /// Bytes after the state, which llama.cpp passes over as well; 0 for buffers.
  public let trailingBytes: Int

  /// Opens and reads the directory of the file at `path`.
  ///
  /// - Throws: `FileError` if the file cannot be read, `LlamaStateError` if it is no state file, has an unknown
  ///   version, or no known layout fits it.
  public init(path: String) throws { try self.init(file: FileReader(path: path)) }

  /// Reads the directory of an open file; throws as `init(path:)` does, the error of the first layout if none fits.
  public init(file: FileReader) throws {
    let (container, version) = try LlamaStateParser.head(of: file)
    let candidates = LlamaStateFormat.candidates(container, version: version)
    do {
      try self.init(file: file, candidates: candidates, allowsTrailing: false)
    } catch let error as LlamaStateError {
      guard let state = try? Self(file: file, candidates: candidates, allowsTrailing: true) else { throw error }
      self = state
    }
  }

  /// Reads what `llama_state_get_data` or `llama_state_seq_get_data` gave, which says neither version nor tokens.
  ///
  /// - Throws: as `init(path:)`; `LlamaStateError.notStateFile` if no layout fits and no magic says that one should.
  init(buffer file: FileReader, container: LlamaStateFormat.Container) throws {
    let marked = LlamaStateFormat.Wrapping.bufferMagic
    let head = try file.read(at: 0, count: min(4, file.byteCount)).littleEndian(as: UInt32.self)
    let isMarked = container == .sequence && head == [marked]
    let candidates = LlamaStateFormat.buffers(container, isMarked ? .markedBuffer : .buffer)
    do {
      try self.init(file: file, candidates: candidates, allowsTrailing: false)
    } catch let error as LlamaStateError {
      throw isMarked ? error : LlamaStateError.notStateFile(path: file.path)
    }
  }

  private init(file: FileReader, candidates: [LlamaStateFormat], allowsTrailing: Bool) throws {
    var firstError: (any Error)?
    for candidate in candidates {
      var parser = LlamaStateParser(file: file, format: candidate)
      parser.allowsTrailing = allowsTrailing
      do {
        try parser.parse()
        // A buffer is told by its cells alone, so it must have some.
        guard candidate.wrapping == .file || parser.memories.joined().contains(where: { !$0.positions.isEmpty }) else {
          throw LlamaStateError.empty(path: file.path)
        }
      } catch let error as LlamaStateError {
        firstError = firstError ?? error
        continue
      }
      self.file = file
      format = parser.format
      tokens = parser.tokens
      architecture = parser.architecture
      memories = parser.memories
      trailingBytes = parser.trailingBytes
      return
    }
    throw firstError!
  }

  /// The sequences that cells belong to, in ascending order.
  public var sequences: [Int32] {
    memories.joined().reduce(into: Set<Int32>()) { $0.formUnion($1.sequenceIDs) }.sorted()
  }
}
