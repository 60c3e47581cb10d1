import CacheCodec
import FKVFormat
import FileIO
import Interchange
import KVCacheModel

/// A KV cache in a file or in memory: an `.fkv`, or a capture (formats/capture.md).
///
/// Opening reads what describes the cache. Keys and values are read, checked and decoded when they are asked for, a layer
/// at a time; safe to use from several threads at once.
public struct StoredCache: CacheSource {
  private enum Contents {
    case fkv(FKVCache)
    case capture(CaptureFile)
  }

  private let contents: Contents
  /// The bytes of the file.
  public let fileBytes: Int

  /// Opens a file. One whose basis is not given can be described and not decoded (`CodecError.basisNeeded`).
  ///
  /// - Throws: `FileError` if it cannot be read; what is wrong with it, and where: `FormatError`, `CodecError`,
  ///   `CodingError` for an `.fkv`, `CaptureError` and `SafetensorsError` for anything else.
  public init(path: String, access: CacheAccess = CacheAccess()) throws {
    try self.init(FileReader(path: path), access: access)
  }

  /// Opens the bytes of a file; throws as `init(path:access:)`.
  public init(bytes: [UInt8], access: CacheAccess = CacheAccess()) throws {
    try self.init(MemorySource(bytes), access: access)
  }

  private init(_ source: any ByteSource, access: CacheAccess) throws {
    fileBytes = source.byteCount
    let head = try source.read(at: 0, count: min(8, source.byteCount))
    guard FKVReader.recognises(head) else {
      contents = .capture(try CaptureFile(source))
      return
    }
    contents = .fkv(
      try FKVCache(source, decoding: access.limits, key: access.key) { header in
        guard let needed = header.basisHash, let basis = access.basis else { return nil }
        guard basis.hash == needed else { throw CodecError.wrongBasis(needed: needed, found: basis.hash) }
        return basis
      })
  }

  /// All that is known of the cache besides its numbers.
  public var description: CacheDescription {
    switch contents {
    case .fkv(let cache): cache.description
    case .capture(let capture): capture.description
    }
  }

  /// How an `.fkv` codes the cache; nil for a capture.
  public var profile: Profile? {
    if case .fkv(let cache) = contents { cache.header.profile } else { nil }
  }

  /// The attention-output error that an `.fkv` says it has, measured when it was written; nil if it says none.
  public var storedError: StoredError? {
    if case .fkv(let cache) = contents { cache.header.storedError } else { nil }
  }

  /// The cache in 16-bit numbers against the file, 2 · 2·Σ H·T·D / bytes; 0 for an empty file.
  public var ratio: Double {
    fileBytes == 0 ? 0 : Double(2 * description.geometry.elementCount) / Double(fileBytes)
  }

  /// Keys or values of one layer, (H, T, D), decoded.
  ///
  /// - Parameter layer: 0 ..< L.
  /// - Throws: `CacheRangeError.layer` outside of them; what is wrong with the file.
  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    try CacheRangeError.check(layer: layer, of: description.geometry)
    return switch contents {
    case .fkv(let cache): try cache.tensor(kind, layer: layer)
    case .capture(let capture): try capture.tensor(kind, layer: layer)
    }
  }

  /// Some tokens of keys or values of one layer, (H, tokens, D); of an `.fkv`, only what holds them is read and decoded.
  ///
  /// - Parameters:
  ///   - layer: 0 ..< L.
  ///   - tokens: rows of the layer, 0 ..< T; a layer with a sliding window holds the last T only.
  /// - Throws: `CacheRangeError` outside of them; what is wrong with what is read.
  public func tensor(_ kind: CacheKind, layer: Int, tokens: Range<Int>) throws -> CacheTensor {
    try CacheRangeError.check(layer: layer, of: description.geometry)
    let count = description.geometry.layers[layer].tokens
    guard tokens.lowerBound >= 0, tokens.upperBound <= count else {
      throw CacheRangeError.tokens(tokens, count: count)
    }
    return switch contents {
    case .fkv(let cache) where !tokens.isEmpty: try cache.tensor(kind, layer: layer, rows: tokens).rows(tokens)
    case .fkv(let cache): try cache.tensor(kind, layer: layer).rows(tokens)
    case .capture(let capture): try capture.tensor(kind, layer: layer).rows(tokens)
    }
  }

  /// The layer's probe queries; nil where the file has none, as an `.fkv` never has.
  ///
  /// - Throws: as `tensor(_:layer:)`.
  public func probeQueries(layer: Int) throws -> ProbeQueries? {
    try CacheRangeError.check(layer: layer, of: description.geometry)
    guard case .capture(let capture) = contents else { return nil }
    return try capture.probeQueries(layer: layer)
  }

  /// The whole cache in memory; an `.fkv` is decoded on all cores.
  ///
  /// - Throws: what is wrong with the file.
  public func decoded() throws -> MemoryCache {
    switch contents {
    case .fkv(let cache): try cache.decodeAll()
    case .capture(let capture): try capture.inMemory()
    }
  }
}

/// A layer or token that a cache does not have.
public enum CacheRangeError: Error, Equatable, Sendable, CustomStringConvertible {
  case layer(Int, count: Int)
  case tokens(Range<Int>, count: Int)

  static func check(layer: Int, of geometry: CacheGeometry) throws {
    guard geometry.layers.indices.contains(layer) else { throw Self.layer(layer, count: geometry.layers.count) }
  }

  public var description: String {
    switch self {
    case .layer(let layer, let count): "there is no layer \(layer), the cache has \(count)"
    case .tokens(let tokens, let count):
      "there are no tokens \(tokens.lowerBound) to \(tokens.upperBound), the layer holds \(count)"
    }
  }
}
