import Commands
import Evaluation

/// The JSON of `fkv eval needle`.
struct NeedleJSON: Encodable {
  struct Method: Encodable {
    var method: String
    var found: Int
    var trials: Int
    /// One a length, null where there is no result.
    var ratios: [Double?]
    var meanLogProbability: Double?
    /// Fractions found, one list a depth, one a length; null where there is no result.
    var foundByDepthAndLength: [[Double?]]
  }

  struct Result: Encodable {
    var length: Int
    var depth: Double
    var trial: Int
    var method: String
    var found: Bool?
    var answer: String?
    var logProbability: Double?
    var cost: EvalCostJSON?
    var skipped: String?
  }

  var kind: String
  var settings: [String: String]
  var lengths: [Int]
  var depths: [Double]
  var methods: [Method]
  var results: [Result]
  var passedOver: [String]

  init(_ report: NeedleReport) {
    kind = report.head.kind
    settings = report.head.settings
    lengths = report.lengths
    depths = report.depths
    methods = report.methods.map {
      Method(
        method: $0.name, found: $0.total.found, trials: $0.total.trials, ratios: $0.ratios,
        meanLogProbability: $0.logProbability,
        foundByDepthAndLength: $0.places.map { $0.map(\.fraction) })
    }
    results = report.lines.map { line in
      Result(
        length: line.cell.length, depth: line.cell.depth, trial: line.cell.trial, method: line.method,
        found: line.result?.score.found, answer: line.result?.score.answer,
        logProbability: line.result?.score.logProbability,
        cost: (line.result?.cost).map { EvalCostJSON($0, method: line.method) }, skipped: line.skipped)
    }
    passedOver = report.problems.map(\.description)
  }
}

/// What a method's version of a cache cost, in any evaluation's JSON.
struct EvalCostJSON: Encodable {
  var cachedTokens: Int
  var fileBytes: Int
  var rawBytes: Int
  var basisBytesOutside: Int
  var ratio: Double
  /// The ratio that was asked for and not reached.
  var unmetRatio: Double?
  var encodeSeconds: Double
  var decodeSeconds: Double
  var loadSeconds: Double
  var scoreSeconds: Double

  init(_ cost: EvalCost, method: String) {
    cachedTokens = cost.cachedTokens
    fileBytes = cost.fileBytes
    rawBytes = cost.rawBytes
    basisBytesOutside = cost.outsideBytes
    ratio = cost.ratio
    unmetRatio = EvalMethod.unmetRatio(of: method, reached: cost.ratio)
    encodeSeconds = cost.encodeSeconds
    decodeSeconds = cost.decodeSeconds
    loadSeconds = cost.loadSeconds
    scoreSeconds = cost.scoreSeconds
  }
}
