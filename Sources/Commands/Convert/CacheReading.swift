import FKVFormat
import Interchange
import KVCacheModel

/// How a cache file of any format is to be read.
public struct CacheReading: Sendable {
  /// The format's name; nil tells it by the content.
  public var format: String?
  /// What is known besides the file.
  public var supplied = SuppliedFacts()
  /// The type to hand numbers out in; nil keeps the file's, and takes F16 for what was quantised.
  public var elementType: ElementType?
  /// The basis file for an `.fkv` that needs one; nil looks in the cache folder.
  public var basisFile: String?
  /// The key of an encrypted `.fkv`.
  public var key: FileKey?

  public init() {}

  /// A cache that was read, and what is to be said of it.
  struct Opened {
    var format: any CacheFormat
    var source: any CacheSource
    /// Whose layout the keys have; nil where the description alone says it.
    var keyConvention: KeyConvention?
    /// The same cache where its element type was changed.
    var retyped: RetypedCache?
    private var stated: [ConversionLoss]

    init(
      format: any CacheFormat, source: any CacheSource, keyConvention: KeyConvention?, retyped: RetypedCache?,
      stated: [ConversionLoss]
    ) {
      self.format = format
      self.source = source
      self.keyConvention = keyConvention
      self.retyped = retyped
      self.stated = stated
    }

    /// What the file had lost, and what its numbers lost in the tensors read so far.
    var losses: [ConversionLoss] { stated + (retyped?.losses ?? []) }
  }

  /// Opens a file or folder whose cache is wanted for something that needs `needs`.
  ///
  /// - Throws: `UnknownFormat`; `MissingFacts`, `FactConflict`; what the format throws.
  func open(_ path: String, needs: Set<CacheFact>) throws -> Opened {
    let format =
      try self.format.flatMap { CacheFormats.named($0, basisFile: basisFile, key: key) }
      ?? CacheFormats.recognise(path, basisFile: basisFile, key: key)
    let cache = try format.open(path, supplied: supplied)
    let described = try DescribedCache(cache, supplied: supplied, needs: needs)
    let own = described.description
    let type = elementType ?? (cache.facts.isQuantised ? .float16 : nil)
    var retyped: RetypedCache?
    if let type, own.keyType != type || own.valueType != type { retyped = RetypedCache(described, type: type) }
    return Opened(
      format: format, source: retyped ?? described, keyConvention: described.keyConvention, retyped: retyped,
      stated: cache.facts.losses)
  }
}
