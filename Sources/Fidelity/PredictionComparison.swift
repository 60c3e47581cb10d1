import Foundation

/// How a model's next-token predictions over a reloaded cache differ from those over the full one, gathered token by
/// token of a continuation.
///
/// With p the distribution over the full cache and q the one over the reloaded cache, both softmax of logits, in
/// `Double`: divergence KL(p‖q) = Σᵥ pᵥ (ln pᵥ − ln qᵥ) in nats, perplexity exp(−mean ln p(next token)).
/// All means are 0 (perplexities 1) while nothing was added.
public struct PredictionComparison: Hashable, Sendable {
  /// KL(p‖q) in nats, one a scored token, in order. Infinite where a logit is not a number.
  public private(set) var divergences: [Double] = []
  /// Σ −ln p(next token) and Σ −ln q(next token).
  private var surprisalFull = 0.0
  private var surprisalRestored = 0.0
  private var agreements = 0

  public init() {}

  /// Adds one token: the logits before it over both caches, one a token id, and the token that follows in the text.
  public mutating func add(full: UnsafeBufferPointer<Float>, restored: UnsafeBufferPointer<Float>, next token: Int32) {
    let token = Int(token)
    precondition(full.count == restored.count && full.indices.contains(token), "logits of two vocabularies")
    let (a, b) = (Self.summary(full), Self.summary(restored))
    var divergence = 0.0
    for (x, y) in zip(full, restored) {
      let (lnP, lnQ) = (Double(x) - a.logSum, Double(y) - b.logSum)
      let p = exp(lnP)
      // A token that p rules out adds nothing, whatever q thinks of it.
      if p != 0 { divergence += p * (lnP - lnQ) }
    }
    // Gibbs' inequality: what is below 0 is rounding.
    divergences.append(divergence.isNaN ? .infinity : max(0, divergence))
    surprisalFull += a.surprisal(full[token])
    surprisalRestored += b.surprisal(restored[token])
    if a.top == b.top { agreements += 1 }
  }

  /// The number of tokens scored.
  public var count: Int { divergences.count }

  public var meanDivergence: Double { count == 0 ? 0 : divergences.reduce(0, +) / Double(count) }

  public var largestDivergence: Double { divergences.max() ?? 0 }

  /// The smallest divergence that at least the fraction `q` (0…1) of the tokens does not exceed: the nearest-rank
  /// percentile, which is one of the divergences; 0 if there are none.
  public func divergence(quantile q: Double) -> Double {
    precondition((0...1).contains(q))
    guard count > 0 else { return 0 }
    let rank = Int((q * Double(count)).rounded(.up))
    return divergences.sorted()[max(0, rank - 1)]
  }

  /// exp(−mean ln p(next token)) over the full cache.
  public var perplexityFull: Double { perplexity(surprisalFull) }

  /// exp(−mean ln q(next token)) over the reloaded cache.
  public var perplexityRestored: Double { perplexity(surprisalRestored) }

  /// The fraction of tokens where both find the same token most likely (of equals, the lowest id); 1 if there are none.
  public var topAgreement: Double { count == 0 ? 1 : Double(agreements) / Double(count) }

  private func perplexity(_ surprisal: Double) -> Double { count == 0 ? 1 : exp(surprisal / Double(count)) }

  /// ln Σ exp(logits), and the index of the largest.
  private static func summary(_ logits: UnsafeBufferPointer<Float>) -> Summary {
    var top = 0
    for (index, logit) in logits.enumerated() where logit > logits[top] { top = index }
    let largest = Double(logits[top])
    var sum = 0.0
    for logit in logits { sum += exp(Double(logit) - largest) }
    return Summary(logSum: largest + log(sum), top: top)
  }

  private struct Summary {
    var logSum: Double
    var top: Int

    func surprisal(_ logit: Float) -> Double {
      let logProbability = Double(logit) - logSum
      return logProbability.isNaN ? .infinity : -logProbability
    }
  }

  /// −ln p(token) in nats, with p the softmax of the logits, one a token id; infinite where a logit is not a number.
  public static func surprisal(of token: Int32, _ logits: UnsafeBufferPointer<Float>) -> Double {
    precondition(logits.indices.contains(Int(token)), "no logit for token \(token)")
    return summary(logits).surprisal(logits[Int(token)])
  }
}
