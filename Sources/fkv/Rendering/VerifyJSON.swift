import Commands

/// The JSON of `fkv verify`.
struct VerifyJSON: Encodable {
  struct Attention: Encodable {
    var mean: Double
    var max: Double
    /// Means over heads.
    var perLayer: [Double]
    /// One list a layer, one error a query head.
    var perHead: [[Double]]
  }

  /// What the model predicts over both caches.
  struct Predictions: Encodable {
    var klMean: Double
    var klP99: Double
    var klMax: Double
    var perplexityFull: Double
    var perplexityRestored: Double
    var top1Agreement: Double
    /// Tokens that were scored.
    var continuationTokens: Int
  }

  var head: CacheHeadJSON
  var attention: Attention?
  var keyError: Double?
  var valueError: Double?
  var probeQueries: Int?
  var predictions: Predictions?
  var damagedSections: [String]
  var withinLimits: Bool

  init(_ report: VerifyPipeline.Report, withinLimits: Bool) {
    head = CacheHeadJSON(report.header, size: report.size)
    attention = report.comparison.map {
      Attention(
        mean: $0.attention.mean, max: $0.attention.max, perLayer: $0.attention.layerMeans,
        perHead: $0.attention.layers)
    }
    keyError = report.comparison?.keyError
    valueError = report.comparison?.valueError
    probeQueries = report.comparison?.probeQueries
    predictions = report.predictions.map {
      Predictions(
        klMean: $0.meanDivergence, klP99: $0.divergence(quantile: 0.99), klMax: $0.largestDivergence,
        perplexityFull: $0.perplexityFull, perplexityRestored: $0.perplexityRestored, top1Agreement: $0.topAgreement,
        continuationTokens: $0.count)
    }
    damagedSections = report.findings.map(\.description)
    self.withinLimits = withinLimits
  }

  private enum CodingKeys: String, CodingKey {
    case attentionOutputError, keyError, valueError, probeQueries, damagedSections, withinLimits
  }

  func encode(to encoder: any Encoder) throws {
    try head.encode(to: encoder)
    try predictions?.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(attention, forKey: .attentionOutputError)
    try container.encodeIfPresent(keyError, forKey: .keyError)
    try container.encodeIfPresent(valueError, forKey: .valueError)
    try container.encodeIfPresent(probeQueries, forKey: .probeQueries)
    try container.encode(damagedSections, forKey: .damagedSections)
    try container.encode(withinLimits, forKey: .withinLimits)
  }
}
