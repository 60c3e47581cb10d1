import FileIO
import KVCacheModel

/// The chunks of a folder in the order of their tokens.
///
/// Files are named by hashes, so that only the tokens tell their order. One chunk alone is the first; files named
/// `0.data`, `1.data`, … are in that order; for others the token ids are needed.
struct LMCacheFolder {
  /// What fkv adds to a folder that it writes: description and tokens of the cache.
  static let sidecar = "fkv-cache.json"

  var chunks: [LMCacheChunk] = []
  /// What the file names say of the model; empty where they are numbers.
  var model = ""
  /// Tokens whose chunks are not there.
  var missingTokens = 0

  /// - Throws: `MissingFacts` for several chunks without tokens; `ForeignError`; `FileError`.
  init(path: String, tokens: [Int32]?) throws {
    guard FolderReader.isFolder(path) else {
      chunks = [try LMCacheChunk(path: path)]
      model = LMCacheName(String(path.split(separator: "/").last ?? ""))?.store.model ?? ""
      return
    }
    let files = try FolderReader.names(in: path).filter { $0.hasSuffix(LMCacheName.suffix) }
    guard !files.isEmpty else {
      throw ForeignError.notThisFormat(path: path, format: "a folder of LMCache chunks", reason: "it has no .data file")
    }
    if let numbered = Self.numbered(files) {
      chunks = try numbered.map { try LMCacheChunk(path: "\(path)/\($0)") }
      return
    }
    if let gap = Self.gap(files) {
      throw ForeignError.missing(
        path: path, what: "\"\(gap)\(LMCacheName.suffix)\" between its chunks")
    }
    let names = try files.map { file in
      guard let name = LMCacheName(file) else {
        throw ForeignError.unsupported(path: path, what: "a file", found: "named \"\(excerpt(file))\"")
      }
      return (name, file)
    }
    let store = names[0].0.store
    guard names.allSatisfy({ $0.0.store == store }) else {
      throw ForeignError.unsupported(
        path: path, what: "the folder", found: "of several models, workers or types of number")
    }
    model = store.model
    guard names.count > 1 || tokens != nil else {
      chunks = [try LMCacheChunk(path: "\(path)/\(names[0].1)")]
      return
    }
    guard let tokens else { throw MissingFacts(path: path, facts: [.tokens]) }
    let byHash = Dictionary(names.map { ($0.0.hash, "\(path)/\($0.1)") }) { first, _ in first }
    chunks = try Self.chain(byHash, tokens: tokens, path: path)
    missingTokens = max(0, tokens.count - chunks.reduce(0) { $0 + $1.tokens })
  }

  /// `0.data`, `1.data`, … up to the last, in that order; nil if there are other names.
  private static func numbered(_ files: [String]) -> [String]? {
    let ordered = files.indices.map { "\($0)\(LMCacheName.suffix)" }
    return Set(ordered) == Set(files) ? ordered : nil
  }

  /// The first number that is missing where all files are named by numbers; nil where other names are among them.
  private static func gap(_ files: [String]) -> Int? {
    let numbers = files.compactMap { Int($0.dropLast(LMCacheName.suffix.count)) }
    guard numbers.count == files.count else { return nil }
    return (0...numbers.count).first { !numbers.contains($0) }
  }

  /// Follows the hashes of the prompt's chunks, all as long as the longest file's but the last, as far as files go.
  private static func chain(_ files: [String: String], tokens: [Int32], path: String) throws -> [LMCacheChunk] {
    let opened = try files.mapValues { try LMCacheChunk(path: $0) }
    let lengths = Set(opened.values.map(\.tokens)).sorted(by: >)
    var found: [LMCacheChunk] = []
    var start = 0
    var hash: Int64 = 0
    search: while start < tokens.count {
      for length in lengths where length <= tokens.count - start {
        let next = LMCacheHash.chunk(tokens[start..<start + length], after: hash)
        guard let chunk = opened[LMCacheHash.name(next)], chunk.tokens == length else { continue }
        found.append(chunk)
        (start, hash) = (start + length, next)
        continue search
      }
      break
    }
    guard !found.isEmpty else {
      throw ForeignError.invalid(
        path: path, what: "names of chunks",
        expected: "LMCache's builtin hashes of these tokens, or 0.data, 1.data, …", found: "\(files.count) others")
    }
    return found
  }
}
