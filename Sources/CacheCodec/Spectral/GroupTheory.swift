import KVCacheModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How the groups of a cache compare in what a step costs them, before anything is coded.
///
/// Only proportions between groups count: what was measured on some of the groups carries over to the others along them.
struct GroupTheory: Sendable {
  struct Part: Sendable {
    /// Attention-output errors of a step of 1, added up over query heads: sensitivity over weight, head by head.
    var noise: Double
    /// Standard deviations of the components; empty where they are not known.
    var deviations: [Float]
    /// T.
    var tokens: Int
    /// n.
    var features: Int
  }

  /// One a group, keys then values.
  var parts: [[Part]]
  /// Query heads of all layers.
  var heads: Int

  /// The error sum of each group: keys' and values' noise add as squares.
  func errors(_ steps: SpectralSteps) -> [Double] {
    parts.map { hypot($0[0].noise * Double(steps.key), $0[1].noise * Double(steps.value)) }
  }

  /// Something that grows with the bytes of each group: with B = T·Σ log₂(½ + σ/Δ) over components with σ > Δ/2, the
  /// power B^0.7, since what a component has beyond a bit is mostly predicted from frequency to frequency.
  func bytes(_ kind: CacheKind, step: Float) -> [Double] {
    parts.map { group in
      let part = group[kind == .key ? 0 : 1]
      guard !part.deviations.isEmpty else { return Double(part.tokens * part.features) }
      let bits = part.deviations.reduce(0.0) { $0 + max(0, log2(Double($1 / step) + 0.5)) }
      return pow(max(bits, 1) * Double(max(part.tokens, 1)), 0.7)
    }
  }
}
