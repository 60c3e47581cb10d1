import KVCacheModel

/// The settings of profile `fourier`; the defaults are those of the released FourierAttention code.
public struct FourierParameters: Hashable, Sendable {
  /// Tokens at the start that stay exact.
  public var sinks = 4
  /// Tokens at the end that stay exact; `nil` takes 1020 (1024 exact tokens with the sinks), but at most a quarter of
  /// the prompt.
  public var window: Int?
  /// Spectral states of a feature, 2N; `nil` takes 1024, but at most a quarter of the middle.
  public var states: Int?
  /// Fraction of key features, of value features, that are kept as spectra; `nil` takes the published fractions.
  public var keyFraction: Double?
  public var valueFraction: Double?
  /// P in tokens; `nil` takes the middle's own length. A longer period leaves room for appended tokens.
  public var period: Int?
  public var reconstruction: FourierReconstruction = .projection
  /// How coefficients are stored.
  public var coefficientType: ElementType = .float16

  /// The longest `period` that may be asked for; a longer middle is its own period.
  public static let longestPeriod = 1 << 22

  public init() {}

  /// The published fractions of insensitive features (compressed_dims_search of the released code): of 28 layers, keys
  /// 0.9 and values 0.95 in the first 4, keys 0.5 and values 0.7 in the last 8, 0.8 between; other depths in proportion.
  public static func publishedFraction(_ kind: CacheKind, layer: Int, of layers: Int) -> Double {
    if 7 * layer < layers { return kind == .key ? 0.9 : 0.95 }
    if 7 * layer >= 5 * layers { return kind == .key ? 0.5 : 0.7 }
    return 0.8
  }

  /// The fraction of insensitive features that these settings give a layer.
  public func fraction(_ kind: CacheKind, layer: Int, of layers: Int) -> Double {
    (kind == .key ? keyFraction : valueFraction) ?? Self.publishedFraction(kind, layer: layer, of: layers)
  }
}

/// How profile `fourier` makes numbers of coefficients.
public enum FourierReconstruction: UInt8, Hashable, Sendable, CaseIterable {
  /// The orthogonal projection: lowest error of all signals with these frequencies.
  case projection = 0
  /// As released: the truncated signal is shifted and stretched until its mean and its largest deviation from the mean
  /// are the original's.
  case published = 1

  /// `projection` or `published`.
  public var name: String { self == .projection ? "projection" : "published" }

  /// The reconstruction with that name; nil for any other name.
  public init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}
