import KVCacheModel

/// A re-creation of KVTC (arXiv 2511.01815) from its paper: rotation taken off the keys, mean subtracted, one basis of
/// principal components over all layers and heads (keys and values apart), precisions and groups by dynamic programming,
/// a 16-bit shift and scale by group and token, DEFLATE. The first 4 and the last 128 tokens stay as they are.
///
/// Differences from the paper: 8-bit numbers are integers (the paper: FP8, which has fewer levels); groups of one
/// component are left out (with its shift and scale such a number takes 34 bits or more); sinks stay in 16 bits (the
/// paper: FP8; 4 tokens); keys and values get the same budget.
public struct KVTC: Baseline {
  let analysis: KVTCAnalysis
  /// 16 bits over the bits a number that the groups may take, before DEFLATE, without sinks and window.
  public let targetRatio: Double
  /// The values' part of the bits: 0.5 gives keys and values the same budget, as the paper does.
  public let valueShare: Double
  /// Whether the basis is in the bytes, and counted within the budget; else it lies outside.
  public let embedsBasis: Bool
  /// By part and kind.
  let plans: [[CacheKind: BitAllocation]]

  /// - Precondition: with `embedsBasis`, the analysis is that of the cache to be coded.
  public init(_ analysis: KVTCAnalysis, targetRatio: Double, valueShare: Double = 0.5, embedsBasis: Bool) {
    precondition(targetRatio > 0 && valueShare > 0 && valueShare < 1)
    self.valueShare = valueShare
    self.analysis = analysis
    self.targetRatio = targetRatio
    self.embedsBasis = embedsBasis
    plans = analysis.parts.map { part in
      Dictionary(
        uniqueKeysWithValues: CacheKind.allCases.map { kind in
          let embedded = embedsBasis ? Self.middle(of: part.set.tokens).count : nil
          let share = kind == .key ? 1 - valueShare : valueShare
          let bits = 16 * Double(part.set.width) / targetRatio * 2 * share
          return (kind, Self.plan(part.tables[kind]!, width: part.set.width, bits: bits, embeddedFor: embedded))
        })
    }
  }

  public var method: String { embedsBasis ? "kvtc-own" : "kvtc" }
  public var setting: String {
    let split = valueShare == 0.5 ? "" : ", values \(Int((100 * valueShare).rounded())) %"
    return "budget \(targetRatio.formatted)×\(split)"
  }
  public var askedRatio: Double? { targetRatio }
  public var preparationSeconds: Double { embedsBasis ? analysis.seconds : 0 }

  /// Means and the kept components of a calibrated basis in binary16; 0 if the bytes hold them.
  public var outsideBytes: Int {
    guard !embedsBasis else { return 0 }
    return zip(analysis.parts, plans).reduce(0) { sum, pair in
      sum + CacheKind.allCases.reduce(0) { $0 + pair.0.bases[$1]!.byteCount(components: pair.1[$1]!.extent) }
    }
  }

  /// The rows of a layer of `tokens` tokens that are coded.
  static func middle(of tokens: Int) -> Range<Int> {
    let first = min(KVTCAnalysis.sinks, tokens)
    return first..<max(first, tokens - KVTCAnalysis.window)
  }

  /// The precisions that `bits` bits a token buy; the unit of cost is 32 bits, what shift and scale
  /// take. An embedded basis adds 16·width bits a component, spread over the `embeddedFor` tokens.
  private static func plan(
    _ table: DistortionTable, width: Int, bits: Double, embeddedFor tokens: Int?
  ) -> BitAllocation {
    let problem = BitAllocation.Problem(
      count: table.count, sizes: DistortionTable.sizes, precisions: DistortionTable.precisions,
      error: { table.error($0, bits: $1) },
      cost: { group, bits in
        let basis = tokens.map { 16 * Double(width * group.count) / Double(max($0, 1)) } ?? 0
        return Int(((Double(group.count * bits + 32) + basis) / 32).rounded(.up))
      })
    return BitAllocation.optimal(problem, budget: Int(bits / 32))
  }
}

extension Double {
  /// Without a needless `.0`.
  fileprivate var formatted: String { self == rounded() ? "\(Int(self))" : "\(self)" }
}
