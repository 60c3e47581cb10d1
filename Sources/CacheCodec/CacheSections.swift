import FKVFormat
import KVCacheModel

extension SectionKind {
  /// The section of keys or values of a layer under a profile.
  static func tensor(_ kind: CacheKind, profile: Profile) -> SectionKind {
    switch (profile, kind) {
    case (.lossless, .key): .losslessKeys
    case (.lossless, .value): .losslessValues
    case (.fourier, .key): .fourierKeys
    case (.fourier, .value): .fourierValues
    }
  }
}

/// Where the bytes of one layer's keys or values went.
public struct TensorSummary: Hashable, Sendable {
  /// Bytes of the sections in the file, prefixes included.
  public var fileBytes: Int
  /// Bytes of each part, by the part's name, in file order; what they leave of `fileBytes` is framing.
  public var parts: [Part]
  /// Features kept exactly in the middle; H·D for `lossless`.
  public var exactFeatures: Int
  /// Spectral states of each other feature (2N); 0 where there are none.
  public var states: Int

  /// A named part of a tensor's bytes.
  public struct Part: Hashable, Sendable {
    public var name: String
    public var bytes: Int
  }
}
