import CacheCodec
import FileIO
import Interchange
import KVCacheModel

/// A cache file of any kind that fkv reads, told apart by its first bytes.
public enum OpenedCache: Sendable {
  case fkv(FKVCache)
  case capture(CaptureFile)

  /// Opens an `.fkv` or a capture.
  ///
  /// - Parameter basisFile: the basis file for an `.fkv` that needs one; nil looks in the cache folder.
  /// - Throws: the format's error. A file with the magic of neither is opened as a capture, whose errors say what is
  ///   missing.
  public init(path: String, basisFile: String? = nil) throws {
    try self.init(path: path, basis: BasisFinder(file: basisFile))
  }

  init(path: String, basis: BasisFinder) throws {
    let start = try FileReader(path: path)
    let head = try start.read(at: 0, count: min(8, start.byteCount))
    if head.starts(with: [0x89, 0x46, 0x4B, 0x56]) {
      self = .fkv(try NamedFKVCache(path: path, basis: basis).cache)
    } else {
      self = .capture(try CaptureFile(path: path))
    }
  }

  /// Whether the cache can only be read with a basis file.
  var needsBasis: Bool {
    if case .fkv(let cache) = self { cache.header.basisHash != nil } else { false }
  }

  /// The cache itself; its errors name the file.
  public var source: any CacheSource {
    switch self {
    case .fkv(let cache): NamedFKVCache(cache: cache)
    case .capture(let capture): capture
    }
  }
}
