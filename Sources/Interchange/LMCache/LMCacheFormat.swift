import FileIO
import KVCacheModel

/// Chunks of LMCache's file-system connector (formats/lmcache.md).
public struct LMCacheFormat: CacheFormat {
  static let formatName = "lmcache"

  public init() {}

  public var name: String { Self.formatName }
  public var summary: String { "LMCache chunks of the file-system connector, a folder" }
  public var directions: FormatDirections { .both }
  public var cannotCarry: [String] { ["probe queries", "layers of different shapes", "a sliding window's layers"] }
  public var keyConvention: KeyConvention? { .transformers }
  public var needs: Set<CacheFact> { [.tokens] }

  /// Whether it is a chunk whose header fits the file, or a folder that has such chunks.
  public func recognises(_ item: FormatItem) -> Bool {
    guard item.isFolder else { return (try? LMCacheChunk(path: item.path)) != nil }
    guard let first = item.names.first(where: { $0.hasSuffix(LMCacheName.suffix) }) else { return false }
    return (try? LMCacheChunk(path: "\(item.path)/\(first)")) != nil
  }

  public func open(_ path: String, supplied: SuppliedFacts) throws -> any ForeignCache {
    try LMCacheCache(path: path, supplied: supplied)
  }

  public func write(
    _ source: any CacheSource, to path: String, options: WriteOptions, afterLayer: (Int) throws -> Void
  ) throws -> [ConversionLoss] {
    try LMCacheWriter.write(
      source, to: path, chunkTokens: options.chunkTokens ?? LMCacheWriter.defaultChunkTokens,
      model: options.modelName, afterLayer: afterLayer)
    return source.description.probeQueries > 0 ? [ConversionLoss(.dropped, "probe queries are left out")] : []
  }
}
