import CacheCodec
import FileIO
import Interchange
import KVCacheModel

/// `fkv compress`: a cache file in, an `.fkv` out.
public struct CompressPipeline: Sendable {
  public var input: String
  public var output: String
  public var method: CacheEncoder.Method
  /// Whether the prompt's token ids go into the file.
  public var includesTokens = true

  public init(input: String, output: String, method: CacheEncoder.Method) {
    self.input = input
    self.output = output
    self.method = method
  }

  /// What came of it.
  public struct Report: Sendable {
    public var description: CacheDescription
    public var profile: Profile
    public var size: CacheSize
    /// nil if the cache has no probe queries.
    public var storedError: StoredError?
  }

  /// Compresses; the output appears whole or not at all.
  ///
  /// - Parameter progress: called after each layer with layers done and layers in all.
  public func run(progress: (Int, Int) -> Void = { _, _ in }) throws -> Report {
    let source = try OpenedCache(path: input).source
    let layers = source.description.geometry.layers.count
    var encoder = CacheEncoder(method, writer: FKVVersion.writer)
    encoder.includesTokens = includesTokens
    let outcome = try encoder.encode(source, to: output) { progress($0, layers) }
    return Report(
      description: source.description, profile: method.profile,
      size: CacheSize(fileBytes: outcome.fileBytes, geometry: source.description.geometry),
      storedError: outcome.storedError)
  }
}
