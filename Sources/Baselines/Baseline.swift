import KVCacheModel

/// A published way to make a KV cache small, re-created to be compared with: bytes out, cache back.
///
/// `encode` makes the bytes that the method would store, not an estimate of their number. What every side can know
/// without the file (the cache's description) is not in them; everything else is, unless `outsideBytes` counts it.
public protocol Baseline: Sendable {
  /// The method's name in tables: `kivi`, `q4_0`.
  var method: String { get }
  /// What distinguishes this point of the method from its others: `3 bit, groups of 32`.
  var setting: String { get }
  /// The ratio that the setting asks for; nil where it asks for none.
  var askedRatio: Double? { get }
  /// Bytes of what must lie next to the file to decode it, a calibrated basis; 0 for most methods.
  var outsideBytes: Int { get }
  /// Seconds of work done before `encode` that belongs to encoding this cache; 0 for most methods.
  var preparationSeconds: Double { get }

  /// The method's bytes for a whole cache, whose numbers must all be finite.
  ///
  /// - Throws: `BaselineError.unsuitable` if the method cannot take a cache of this shape; what the source throws.
  func encode(_ cache: any CacheSource) throws -> [UInt8]

  /// The cache that the method makes of its bytes.
  ///
  /// - Parameter description: the description of the cache that was encoded.
  /// - Throws: `BaselineError` if the bytes are not what `encode` makes for such a cache.
  func decode(_ bytes: [UInt8], description: CacheDescription) throws -> RestoredCache
}

extension Baseline {
  public var askedRatio: Double? { nil }
  public var outsideBytes: Int { 0 }
  public var preparationSeconds: Double { 0 }
}
