/// What `fkv bench attention` measured at one number of tokens.
public struct AttentionBenchReport: Sendable {
  /// One way to compute the same attention.
  public struct Row: Sendable {
    /// `ours`, `dense half`, `dense float`, `decode, then dense`, `direct`.
    public var variant: String
    /// The median; nil where the check failed, or was not taken.
    public var milliseconds: Double?
    /// Timed runs.
    public var runs: Int
    /// What a step must read at least: keys and values as the variant keeps them.
    public var bytesRead: Int
    /// By how much resident memory grew in the first run; nil where that is not known.
    public var peakBytes: Int?
    /// ‖õ−o‖/‖o‖ against the same attention in Float64, right before the timing.
    public var error: Double
  }

  /// Where the layer came from: `synthetic`, or a file and a layer of it.
  public var source: String
  public var device: String
  public var tokens: Int
  public var kvHeads: Int
  public var queryHeads: Int
  public var headDim: Int
  /// Tokens kept exactly, frequencies kept of spectral features.
  public var exactTokens: Int
  public var frequencies: Int
  /// Fraction of features that are spectral, of keys and values together.
  public var spectralFraction: Double
  /// Bytes a second that the device reads in a plain loop, measured between the runs.
  public var bandwidth: Double
  public var rows: [Row]

  /// The largest error at which a variant is timed.
  public static let largestError = 1e-3

  /// bytes read / (time · bandwidth); nil without a time.
  public func share(_ row: Row) -> Double? {
    row.milliseconds.map { Double(row.bytesRead) / ($0 / 1000 * bandwidth) }
  }

  /// How many times as long as the first row's a row's time is; nil without both.
  public func ratio(_ row: Row) -> Double? {
    guard let own = row.milliseconds, let first = rows.first?.milliseconds else { return nil }
    return own / first
  }

  /// Whether every variant passed its check.
  public var isSound: Bool { rows.allSatisfy { $0.error <= Self.largestError } }
}
