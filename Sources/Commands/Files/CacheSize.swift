import KVCacheModel

/// A file's size against the cache it holds, everything counted: header, tables, checksums, exact parts, bases.
public struct CacheSize: Hashable, Sendable {
  public var fileBytes: Int
  /// 2 bytes × 2·Σ H·T·D: the cache in 16-bit numbers, whatever type it was captured in.
  public var rawBytes: Int

  public init(fileBytes: Int, geometry: CacheGeometry) {
    self.fileBytes = fileBytes
    rawBytes = 2 * geometry.elementCount
  }

  /// rawBytes / fileBytes; 0 for an empty file.
  public var ratio: Double { fileBytes == 0 ? 0 : Double(rawBytes) / Double(fileBytes) }
  /// Bits of file for each number of the cache; 0 for an empty cache.
  public var bitsPerElement: Double { rawBytes == 0 ? 0 : 16 * Double(fileBytes) / Double(rawBytes) }
}
