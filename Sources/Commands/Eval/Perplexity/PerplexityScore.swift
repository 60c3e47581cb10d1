import Fidelity

/// A text, how much of it is cached and how much follows.
public struct PerplexityCell: Codable, Hashable, Sendable {
  /// The text's file name.
  public var text: String
  /// Tokens cached.
  public var cached: Int
  /// Tokens of the continuation, of which the first is not scored.
  public var following: Int
}

/// Predictions over a method's version of a cache against those over the full one.
public struct PerplexityScore: Codable, Hashable, Sendable {
  /// Tokens scored.
  public var tokens: Int
  /// KL(full‖restored) in nats a token.
  public var klMean: Double
  public var klP99: Double
  public var klMax: Double
  public var perplexityFull: Double
  public var perplexityRestored: Double
  /// The fraction of tokens where both find the same token most likely.
  public var top1Agreement: Double

  init(_ comparison: PredictionComparison) {
    tokens = comparison.count
    klMean = comparison.meanDivergence
    klP99 = comparison.divergence(quantile: 0.99)
    klMax = comparison.largestDivergence
    perplexityFull = comparison.perplexityFull
    perplexityRestored = comparison.perplexityRestored
    top1Agreement = comparison.topAgreement
  }
}
