import Commands

/// The JSON of `fkv eval perplexity`.
struct PerplexityJSON: Encodable {
  struct Result: Encodable {
    var text: String
    var cachedTokens: Int
    var followingTokens: Int
    var method: String
    var scoredTokens: Int?
    var klMean: Double?
    var klP99: Double?
    var klMax: Double?
    var perplexityFull: Double?
    var perplexityRestored: Double?
    var top1Agreement: Double?
    var cost: EvalCostJSON?
    var skipped: String?
  }

  var kind: String
  var settings: [String: String]
  var results: [Result]
  var passedOver: [String]

  init(_ report: PerplexityReport) {
    kind = report.head.kind
    settings = report.head.settings
    results = report.tables.flatMap(\.lines).map { line in
      let score = line.result?.score
      return Result(
        text: line.cell.text, cachedTokens: line.cell.cached, followingTokens: line.cell.following,
        method: line.method, scoredTokens: score?.tokens, klMean: score?.klMean, klP99: score?.klP99,
        klMax: score?.klMax, perplexityFull: score?.perplexityFull, perplexityRestored: score?.perplexityRestored,
        top1Agreement: score?.top1Agreement, cost: (line.result?.cost).map { EvalCostJSON($0, method: line.method) },
        skipped: line.skipped)
    }
    passedOver = report.problems.map(\.description)
  }
}
