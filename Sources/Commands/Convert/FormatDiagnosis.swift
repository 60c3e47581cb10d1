import FileIO
import Interchange

/// Why a file or folder that no format recognises is none: what it is instead, or what is broken in it.
enum FormatDiagnosis {
  /// The error to report: that of the format which the file's beginning names, or `UnknownFormat` with what it is.
  ///
  /// - Throws: `FileError` if the file cannot be read.
  static func fault(of item: FormatItem) throws -> any Error {
    if item.isFolder {
      let isChunks = item.names.contains { $0.hasSuffix(".data") }
      return isChunks ? error(LMCacheFormat(), item) : UnknownFormat(path: item.path)
    }
    if item.byteCount == 0 { return UnknownFormat(path: item.path, kind: "an empty file") }
    if let format = begun(item) { return error(format, item) }
    return UnknownFormat(path: item.path, kind: try kind(of: item))
  }

  /// The format whose first bytes a file has; its reader then says what is wrong.
  private static func begun(_ item: FormatItem) -> (any CacheFormat)? {
    let head = item.head
    if head.starts(with: Array("PK\u{3}\u{4}".utf8)) { return TorchFormat() }
    if head.starts(with: Array("qsgg".utf8)) { return LlamaSequenceFormat() }
    if head.starts(with: Array("nsgg".utf8)) { return LlamaSessionFormat() }
    // Eight bytes of a length that is no text, then a JSON object.
    guard head.count > 8, head[8] == UInt8(ascii: "{"), !isText(item) else { return nil }
    return TransformersFormat()
  }

  /// What opening the file as `format` throws.
  private static func error(_ format: any CacheFormat, _ item: FormatItem) -> any Error {
    do {
      _ = try format.open(item.path, supplied: SuppliedFacts())
      return UnknownFormat(path: item.path)
    } catch {
      return error
    }
  }

  private static let beginnings: [([UInt8], String)] = [
    (Array("GGUF".utf8), "a GGUF model; --model takes it"),
    ([0x1F, 0x8B], "compressed by gzip; decompress it first"),
    ([0x28, 0xB5, 0x2F, 0xFD], "compressed by zstd; decompress it first"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "compressed by xz; decompress it first"),
    ([0x04, 0x22, 0x4D, 0x18], "compressed by lz4; decompress it first"),
    (Array("BZh".utf8), "compressed by bzip2; decompress it first"),
    (Array("ggsq".utf8), "a llama.cpp sequence file of a big-endian machine, which fkv does not read"),
    (Array("ggsn".utf8), "a llama.cpp session file of a big-endian machine, which fkv does not read"),
    ([0x93] + Array("NUMPY".utf8), "a NumPy array; its numbers alone are read with --from raw"),
    (Array("SQLite format 3".utf8), "an SQLite database (llama-cpp-python's LlamaDiskCache is one)"),
  ]

  private static func kind(of item: FormatItem) throws -> String? {
    if let found = beginnings.first(where: { item.head.starts(with: $0.0) }) { return found.1 }
    if item.head.count > 2, item.head[0] == 0x80, 2...5 ~= item.head[1] { return try pickle(item) }
    return isText(item) ? "text" : nil
  }

  /// A pickle is not read: its objects can only be rebuilt by running what it names.
  private static func pickle(_ item: FormatItem) throws -> String {
    let file = try FileReader(path: item.path)
    let start = try file.read(at: 0, count: min(file.byteCount, 1 << 16))
    func holds(_ text: String) -> Bool { start.firstRange(of: Array(text.utf8)) != nil }
    guard holds("llama_cpp") else {
      return "a Python pickle, which fkv does not run; save the cache with torch.save or as safetensors"
    }
    return "a Python pickle of llama-cpp-python's LlamaState, which fkv does not run; "
      + "write the raw bytes instead: open('state.raw', 'wb').write(bytes(state.llama_state)[:state.llama_state_size])"
  }

  /// Whether the beginning of a file is text in UTF-8 (its last character may be cut).
  private static func isText(_ item: FormatItem) -> Bool {
    let isPlain = item.head.allSatisfy { $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }
    guard isPlain else { return false }
    return (0..<4).contains { String(validating: item.head.dropLast($0), as: UTF8.self) != nil }
  }
}
