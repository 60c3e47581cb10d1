import CacheCodec
import FKVFormat
import Interchange
import KVCacheModel

/// A cache file of a kind that holds all that fkv's commands need, told apart by its content.
public enum OpenedCache: Sendable {
  case fkv(FKVCache)
  case capture(CaptureFile)

  /// A cache of a format that `fkv convert` has to read first.
  public struct NeedsConversion: Error, Equatable, Sendable, CustomStringConvertible {
    public var path: String
    /// What it is.
    public var summary: String

    public var description: String { "\(path): a \(summary); make a capture of it with fkv convert first" }
  }

  /// Opens an `.fkv` or a capture.
  ///
  /// - Parameters:
  ///   - basisFile: the basis file for an `.fkv` that needs one; nil looks in the cache folder.
  ///   - key: opens an encrypted `.fkv`.
  /// - Throws: the format's error; `NeedsConversion` for other programs' caches. A safetensors file of no known
  ///   format is opened as a capture, whose errors say what is missing; for others the error says what they are.
  public init(path: String, basisFile: String? = nil, key: FileKey? = nil) throws {
    try self.init(path: path, basis: BasisFinder(file: basisFile), key: key)
  }

  init(path: String, basis: BasisFinder, key: FileKey?) throws {
    let item = try FormatItem(path: path)
    if FKVReader.recognises(item.head) {
      self = .fkv(try NamedFKVCache(path: path, basis: basis, key: key).cache)
      return
    }
    if let format = Self.foreignFormat(of: item) { throw NeedsConversion(path: path, summary: format.summary) }
    // What is no safetensors file at all is called by its name.
    if item.safetensors == nil, !item.isFolder {
      let fault = try FormatDiagnosis.fault(of: item)
      if (fault as? UnknownFormat)?.kind != nil || !(fault is UnknownFormat) { throw fault }
    }
    self = .capture(try CaptureFile(path: path))
  }

  /// The format of another program's cache; nil for fkv's own and for what is none.
  static func foreignFormat(of item: FormatItem) -> (any CacheFormat)? {
    let format = CacheFormats.all().first { $0.directions.contains(.read) && $0.recognises(item) }
    return format.flatMap { $0 is FKVCacheFormat || $0 is CaptureFormat ? nil : $0 }
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
