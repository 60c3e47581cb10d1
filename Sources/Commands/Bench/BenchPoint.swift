import FourierKV

/// One method at one setting on one cache, everything counted.
public struct BenchPoint: Sendable {
  public var method: String
  public var setting: String
  /// Whether it is one of fkv's own profiles.
  public var isProduct: Bool
  public var size: CacheSize
  /// The ratio that the setting asks for; nil where it asks for none.
  public var askedRatio: Double?
  /// Bytes of a basis that must lie next to the file; not in `size`.
  public var outsideBytes: Int
  /// ‖o−õ‖/‖o‖ as `fkv verify` measures it.
  public var comparison: CacheComparison
  /// From a cache in memory to bytes; a basis of the cache's own is in it, a calibrated one is not. fkv's own profiles
  /// also measure their error meanwhile.
  public var encodeSeconds: Double
  /// From bytes to all keys and values in memory.
  public var decodeSeconds: Double

  /// The ratio that was asked for, where the file has less.
  public var unmetRatio: Double? { askedRatio.flatMap { size.ratio < $0 ? $0 : nil } }
}
