import Commands

/// The JSON of `fkv bench attention`.
struct AttentionBenchJSON: Encodable {
  struct Row: Encodable {
    var variant: String
    /// null where the check failed.
    var milliseconds: Double?
    var runs: Int
    var timesOurs: Double?
    var bytesRead: Int
    var bandwidthShare: Double?
    /// null where it is not known.
    var peakBytes: Int?
    var error: Double
  }

  struct Layer: Encodable {
    var source: String
    var device: String
    var tokens: Int
    var exactTokens: Int
    var kvHeads: Int
    var queryHeads: Int
    var headDim: Int
    var frequencies: Int
    var spectralFraction: Double
    var bytesPerSecond: Double
    var variants: [Row]
  }

  var attention: [Layer]

  init(_ reports: [AttentionBenchReport]) {
    attention = reports.map { report in
      Layer(
        source: report.source, device: report.device, tokens: report.tokens, exactTokens: report.exactTokens,
        kvHeads: report.kvHeads, queryHeads: report.queryHeads, headDim: report.headDim,
        frequencies: report.frequencies, spectralFraction: report.spectralFraction, bytesPerSecond: report.bandwidth,
        variants: report.rows.map {
          Row(
            variant: $0.variant, milliseconds: $0.milliseconds, runs: $0.runs, timesOurs: report.ratio($0),
            bytesRead: $0.bytesRead, bandwidthShare: report.share($0), peakBytes: $0.peakBytes, error: $0.error)
        })
    }
  }
}
