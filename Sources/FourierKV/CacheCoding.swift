import CacheCodec
import FileIO
import Interchange
import KVCacheModel

/// How a cache becomes an `.fkv`.
public struct CacheCoding: Sendable {
  /// The profile and its parameters.
  public var method: Method
  /// The basis of profile `spectral` with `BasisSource.model`; nil otherwise.
  public var basis: ModelBasis?
  /// Whether the prompt's token ids go into the file.
  public var includesTokens = true
  /// Encrypts the file; nil leaves it readable for everyone.
  public var key: FileKey?
  /// What the file says wrote it.
  public var writer = "FourierKV"

  /// `lossless` keeps every bit, `fourier` is FourierAttention as published (arXiv 2506.11886), `spectral` makes the
  /// smallest files (docs/method.md).
  public typealias Method = CacheEncoder.Method

  public init(_ method: Method, basis: ModelBasis? = nil) {
    self.method = method
    self.basis = basis
  }

  /// Profile `spectral` at a ratio: 16-bit numbers of the cache against bytes of the file.
  public static func spectral(ratio: Double) -> CacheCoding {
    var parameters = SpectralParameters()
    parameters.rate = .ratio(ratio)
    return CacheCoding(.spectral(parameters))
  }

  /// The bytes of an `.fkv` of a cache.
  ///
  /// - Parameter progress: called after each layer with layers done, from the calling thread.
  /// - Throws: what the cache throws; `CodecError.unsuitable` for parameters that no file can have and caches that the
  ///   coding does not suit, `FormatError` for a description that no reader would take.
  public func encode(_ cache: some CacheSource, progress: (Int) -> Void = { _ in }) throws -> [UInt8] {
    try encoder.encode(cache, progress: progress).bytes
  }

  /// Writes an `.fkv` of a cache, which appears whole or not at all; throws as `encode(_:progress:)`, and `FileError`.
  ///
  /// - Returns: the file's bytes.
  @discardableResult
  public func write(_ cache: some CacheSource, to path: String, progress: (Int) -> Void = { _ in }) throws -> Int {
    try encoder.encode(cache, to: path, progress: progress).fileBytes
  }

  private var encoder: CacheEncoder {
    var encoder = CacheEncoder(method, writer: writer)
    encoder.basis = basis
    encoder.includesTokens = includesTokens
    encoder.key = key
    return encoder
  }
}

extension CacheSource {
  /// Writes the cache as a capture, which holds it bit for bit with its probe queries (formats/capture.md).
  ///
  /// - Throws: what the cache throws; `FileError` if the file cannot be written.
  public func writeCapture(to path: String) throws { try CaptureWriter.write(self, to: path) }
}
