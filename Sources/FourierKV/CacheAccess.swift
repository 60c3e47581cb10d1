import CacheCodec
import FKVFormat

/// What opening a cache may need besides its bytes.
public struct CacheAccess: Sendable {
  /// The basis that an `.fkv` names by its hash; not looked at for other files.
  public var basis: ModelBasis?
  /// The key of an encrypted `.fkv`; not looked at for other files.
  public var key: FileKey?
  /// The memory and work that decoding may take.
  public var limits: DecodingLimits

  public init(basis: ModelBasis? = nil, key: FileKey? = nil, limits: DecodingLimits = DecodingLimits()) {
    self.basis = basis
    self.key = key
    self.limits = limits
  }
}

extension ModelBasis {
  /// Reads the basis file that `fkv calibrate` made of a model.
  ///
  /// - Throws: `FileError`, `FormatError`, `CodecError`: what is wrong with the file.
  public init(file path: String) throws { self = try ModelBasisFile.read(path) }
}
