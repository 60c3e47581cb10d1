import CacheCodec
import FKVFormat
import FileIO
import Interchange
import KVCacheModel
import LlamaEngine

/// Where a cache goes that an engine went on from: a capture, or an `.fkv` if the name says so.
///
/// An `.fkv` made from an `.fkv` is that file extended, as `fkv append` does it: what it holds is not coded again. From a
/// capture, it is a new file of profile `lossless`.
struct GrownOutput {
  let path: String
  /// What was gone on from.
  let beginning: OpenedCache
  /// Encrypts an `.fkv`.
  var key: FileKey?
  /// Whether token ids, where they are known, are written.
  var includesTokens = true

  private var isCompact: Bool { path.hasSuffix(".fkv") }

  /// Tells whether something can be written there, before anything is computed.
  ///
  /// - Throws: `FileError`.
  func check() throws { try AtomicFile(path: path).discard() }

  /// Writes the file, which appears whole or not at all; its bytes.
  ///
  /// - Throws: `CacheExtensionError` if an `.fkv` cannot be extended by `grown`, in a `FileFailure`; what reading
  ///   and writing throw.
  func write(_ grown: some CacheSource) throws -> Int {
    let source: any CacheSource = includesTokens ? grown : TokenlessCache(source: grown)
    guard isCompact else {
      try CaptureWriter.write(source, to: path)
      return try FileReader(path: path).byteCount
    }
    guard case .fkv(let file) = beginning, includesTokens || file.description.tokens == nil else {
      var encoder = CacheEncoder(.lossless, writer: FKVVersion.writer)
      encoder.key = key
      return try FileFailure.naming(path) { try encoder.encode(source, to: path).fileBytes }
    }
    return try FileFailure.naming(file.reader.name) {
      // Ids that the file does not have were not asked for again by going on from it.
      var extender = try CacheExtender(
        file, with: source, writer: FKVVersion.writer, unchecked: file.description.tokens == nil,
        provenance: GrowthRecord.lines(ofLonger: source.description))
      extender.key = key
      return try extender.write(to: path).fileBytes
    }
  }
}

/// What a grown cache's provenance says of how it came to be.
enum GrowthRecord {
  /// Tokens taken from another cache, which no engine computed again.
  static let cachedTokensKey = "grown.cached_tokens"
  /// What that cache was: `capture`, or the profile of an `.fkv`, which says whether the tokens' keys and values lost
  /// something.
  static let sourceKey = "grown.from"
  static let keys: Set<String> = [cachedTokensKey, sourceKey]

  /// The lines of a cache that went on from `beginning` at position `start`; of a cache that had grown before, all ways
  /// it came by stay.
  static func lines(from beginning: OpenedCache, start: Int) -> [String: String] {
    var way = "capture"
    if case .fkv(let cache) = beginning { way = cache.header.profile.name }
    if let earlier = beginning.source.description.provenance[sourceKey], !earlier.isEmpty { way = "\(earlier), \(way)" }
    return [cachedTokensKey: String(start), sourceKey: way]
  }

  /// The lines of an `.fkv` that is extended by a longer cache: what that says of the prompt's place in a conversation, of
  /// how it grew and of what its prefill took. A cache of the last tokens only says nothing of the prefill of all.
  static func lines(ofLonger cache: CacheDescription) -> [String: String?] {
    let isWhole = cache.geometry.layers.contains { $0.firstPosition == 0 }
    var lines: [String: String?] = [:]
    for key in [cachedTokensKey, sourceKey, CapturedChat.key] {
      let line = cache.provenance[key]
      if line != nil || isWhole { lines[key] = .some(line) }
    }
    for key in [PrefillRecord.key, "prompt_tokens"] { lines[key] = .some(isWhole ? cache.provenance[key] : nil) }
    return lines
  }
}

/// A cache with other provenance.
struct ProvenanceCache: CacheSource {
  let cache: any CacheSource
  let description: CacheDescription

  /// `cache` with `lines` added; nil takes a line out.
  init(_ cache: any CacheSource, lines: [String: String?]) {
    self.cache = cache
    var description = cache.description
    for (name, value) in lines { description.provenance[name] = value }
    self.description = description
  }

  func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor { try cache.tensor(kind, layer: layer) }
  func probeQueries(layer: Int) throws -> ProbeQueries? { try cache.probeQueries(layer: layer) }
}
