import KVCacheModel

/// The settings of profile `spectral`.
public struct SpectralParameters: Hashable, Sendable {
  /// What decides the quantiser's steps.
  public enum Rate: Hashable, Sendable {
    /// A mean attention-output error of 0.05 where the cache holds probe queries; else a step of a fifth of each head's
    /// root mean square.
    case automatic
    /// The mean attention-output error to meet; the cache must hold probe queries.
    case targetError(Double)
    /// The whole file's ratio to meet: 16-bit numbers of the cache against bytes of the file.
    case ratio(Double)
    /// The step itself, the same for keys and values, in units of weighted features (docs/method.md).
    case step(Double)
  }

  public var rate = Rate.automatic
  /// Where features are decorrelated.
  public var basis = BasisSource.embedded
  /// How many neighbouring layers share a basis; nil takes as many as keep a group at 640 features or fewer, at least 1.
  public var groupLayers: Int?
  /// N, tokens of a block of the cosine transform.
  public var blockLength = 16
  /// Tokens at the start that stay exact.
  public var sinks = 4
  /// Tokens at the end that are coded with finer steps, or exactly; nil takes 256, at most an eighth of the prompt.
  public var window: Int?
  public var windowCoding = WindowCoding.fine
  /// How much finer the steps of a fine window are; nil takes `even` for a ratio, else `fine`: an error is measured where
  /// the window counts most, a size says nothing of what will be asked.
  public var windowSteps: WindowSteps?
  /// Tokens of a separately decodable segment, a multiple of `blockLength`.
  public var segmentTokens = 2048
  /// Fraction of each layer's features that stay exact for all tokens.
  public var exactFraction = 0.0
  /// Whether values of tokens that the probe queries attend to little get coarser steps.
  public var weightsValuesByAttention = false

  public init() {}

  /// The rate that `automatic` stands for, the others as they are.
  func resolvedRate(hasProbeQueries: Bool) -> Rate {
    guard case .automatic = rate else { return rate }
    return hasProbeQueries ? .targetError(0.05) : .step(0.2)
  }

  /// The window's steps where none are given.
  var resolvedWindowSteps: WindowSteps {
    if let windowSteps { return windowSteps }
    if case .ratio = rate { return .even }
    return .fine
  }

  /// How the last tokens are kept.
  public enum WindowCoding: UInt8, Hashable, Sendable, CaseIterable {
    /// Quantised with finer steps (`WindowSteps`).
    case fine
    /// Bit for bit.
    case lossless

    /// `fine` or `lossless`.
    public var name: String { self == .fine ? "fine" : "lossless" }

    /// The coding with that name; nil for any other name.
    public init?(name: String) {
      guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
      self = match
    }
  }
}

/// Where profile `spectral` takes its feature bases from. Raw values are codes of the format.
public enum BasisSource: UInt8, Hashable, Sendable, CaseIterable {
  /// Features are coded as they are.
  case none = 0
  /// This cache's own principal components, in the file.
  case embedded = 1
  /// A basis file made for the model; the `.fkv` holds its hash.
  case model = 2

  /// `none`, `embedded` or `model`.
  public var name: String {
    switch self {
    case .none: "none"
    case .embedded: "embedded"
    case .model: "model"
    }
  }

  /// The source with that name; nil for any other name.
  public init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}
