import CacheCodec
import FKVFormat
import FileIO
import KVCacheModel

/// What is wrong with one of the files that a command was given: which file, and its format's error.
public struct FileFailure: Error, Sendable, CustomStringConvertible {
  public let path: String
  /// `FormatError`, `CodecError` or `CodingError`: errors that know bytes and no file.
  public let error: any Error

  public var description: String { "\(path): \(error)" }

  /// What `body` returns; errors that do not name the file themselves leave as a `FileFailure`.
  static func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as FileError { throw error } catch {
      throw FileFailure(path: path, error: error)
    }
  }
}

/// An `.fkv` whose errors say which file they are about.
struct NamedFKVCache: CacheSource {
  let cache: FKVCache

  init(cache: FKVCache) { self.cache = cache }

  /// Opens an `.fkv`; without a finder of bases, one that needs a basis can be summed up and not decoded. With
  /// `salvaging`, what is damaged or missing is left out.
  init(
    path: String, basis: BasisFinder?, decoding: DecodingLimits = DecodingLimits(), salvaging: Bool = false,
    key: FileKey? = nil
  ) throws {
    cache = try FileFailure.naming(path) {
      do {
        return try FKVCache(path: path, decoding: decoding, salvaging: salvaging, key: key) {
          try basis?.basis(for: $0)
        }
      } catch let error as FormatError {
        guard case .notFKV = error, let kind = OtherKindOfFile.name(of: path) else { throw error }
        throw OtherKindOfFile(error: error, kind: kind)
      }
    }
  }

  var description: CacheDescription { cache.description }

  func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    try FileFailure.naming(cache.reader.name) { try cache.tensor(kind, layer: layer) }
  }

  func probeQueries(layer: Int) -> ProbeQueries? { nil }

  func summary(_ kind: CacheKind, group: Int) throws -> TensorSummary {
    try FileFailure.naming(cache.reader.name) { try cache.summary(kind, group: group) }
  }
}
