import FKVFormat
import KVCacheModel

extension SectionKind {
  static func lossless(_ kind: CacheKind) -> SectionKind { kind == .key ? .losslessKeys : .losslessValues }
  static func fourier(_ kind: CacheKind) -> SectionKind { kind == .key ? .fourierKeys : .fourierValues }
  static func spectralFrame(_ kind: CacheKind) -> SectionKind {
    kind == .key ? .spectralKeyFrame : .spectralValueFrame
  }
  static func spectralSegment(_ kind: CacheKind) -> SectionKind { kind == .key ? .spectralKeys : .spectralValues }
  static func basis(_ kind: CacheKind) -> SectionKind { kind == .key ? .basisKeys : .basisValues }
}

/// Where the bytes of keys or values of a layer, or of a group of layers, went.
public struct TensorSummary: Hashable, Sendable {
  /// Bytes of the sections in the file, prefixes included.
  public var fileBytes: Int
  /// Bytes of each part, by the part's name, in file order; what they leave of `fileBytes` is framing.
  public var parts: [Part]
  /// Features kept exactly for all tokens; H·D for `lossless`.
  public var exactFeatures: Int
  /// Profile `fourier`: spectral states of each other feature (2N). Profile `spectral`: components that are coded outside
  /// the window. 0 where there are none.
  public var states: Int
  /// Profile `spectral`: the step outside the window; 0 elsewhere.
  public var step: Float = 0

  /// A named part of a tensor's bytes.
  public struct Part: Hashable, Sendable {
    public var name: String
    public var bytes: Int
  }
}
