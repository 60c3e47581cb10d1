import FileIO
import KVCacheModel

extension LlamaStateWriter {
  /// Writes a whole state file in the newest version, or that of `options.stateVersion`.
  ///
  /// Layers with a sliding window go into a memory of their own, unless `options.stateFormat` says otherwise. A session
  /// lists one token more than it caches, whose keys and values the program computes when it goes on: the token that
  /// the cache came with (`LlamaNextToken`), or else the cache's last one.
  ///
  /// - Returns: what the file lacks.
  /// - Throws: `LlamaStateError.unevenLayers`, `.unwritableVersion`, `.unsuitableCells`; what `source` throws;
  ///   `FileError`.
  static func write(
    _ source: any CacheSource, to path: String, container: LlamaStateFormat.Container, options: WriteOptions,
    afterLayer: (Int) throws -> Void
  ) throws -> [ConversionLoss] {
    let version = options.stateVersion ?? container.versions.upperBound
    guard container.writableVersions.contains(version) else {
      throw LlamaStateError.unwritableVersion(path: path, wanted: version, written: container.writableVersions)
    }
    let slides = source.description.geometry.layers.contains { $0.slidingWindow != nil }
    let format = LlamaStateFormat(
      container: container, version: version, cellExtensionBytes: options.stateFormat?.cellExtensionBytes ?? 0,
      blobCount: options.stateFormat?.blobCount ?? (slides ? 2 : 1))
    var losses = losses(of: source.description, options.cells)
    var (source, next) = (source, Int32?.none)
    if container == .session {
      next = LlamaNextToken.behind(source.description)
      if next == nil, let token = lastToken(source.description) {
        (source, next) = (RowRangeCache(withoutLastPositionOf: source), token)
        losses.append(
          ConversionLoss(.dropped, "the last token's keys and values are left out, since llama.cpp computes them anew"))
      }
    }
    let writer = try LlamaStateWriter(
      description: source.description, format: format, cells: options.cells, nextToken: next)
    let file = try AtomicFile(path: path)
    try writer.write(source, to: file, afterLayer: afterLayer)
    try file.commit()
    return losses
  }

  /// The id of the cache's last token; nil if it is unknown or the only one.
  private static func lastToken(_ description: CacheDescription) -> Int32? {
    let end = description.geometry.endPosition
    guard let tokens = description.tokens, tokens.count >= end, end > 1 else { return nil }
    return tokens[end - 1]
  }

  private static func losses(of description: CacheDescription, _ cells: LlamaCellLayout) -> [ConversionLoss] {
    var losses: [ConversionLoss] = []
    for kind in CacheKind.allCases {
      let own = description.elementType(of: kind)
      let type = cells.cellType(kind, own)
      if type != LlamaCellType(own), type != .f32 {
        losses.append(ConversionLoss(.rounding, "\(kind.name)s are written as \(type.name)"))
      }
    }
    if description.probeQueries > 0 { losses.append(ConversionLoss(.dropped, "probe queries are left out")) }
    guard let tokens = description.tokens else {
      return losses + [ConversionLoss(.dropped, "token ids are unknown: llama.cpp's programs will not reuse the file")]
    }
    if description.geometry.firstPosition(ofTokens: tokens.count) > 0 {
      losses.append(ConversionLoss(.dropped, "token ids are left out: those of the first positions are unknown"))
    }
    return losses
  }
}

/// The token after a cache's last one, where a session file listed it: kept in the provenance, so that captures and
/// `.fkv` files carry it.
enum LlamaNextToken {
  private static let key = "source.next_token"

  /// What the provenance says of a token at `position`.
  static func provenance(_ token: Int32, at position: Int) -> (key: String, value: String) {
    (key, "\(token) at \(position)")
  }

  /// The token that follows a cache; nil where none is known, or the cache has grown or shrunk since.
  static func behind(_ description: CacheDescription) -> Int32? {
    let end = description.geometry.endPosition
    guard let words = description.provenance[key]?.split(separator: " "), words.count == 3, Int(words[2]) == end,
      let tokens = description.tokens, tokens.count >= end
    else { return nil }
    return Int32(words[0])
  }
}
