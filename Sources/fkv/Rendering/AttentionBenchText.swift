import Commands

/// The text of `fkv bench attention`.
enum AttentionBenchText {
  static func render(_ report: AttentionBenchReport) -> String {
    var table = TextTable(["", "ms", "times ours", "bytes read", "of bandwidth", "memory", "error", "runs"])
    for row in report.rows {
      table.add([
        row.variant, row.milliseconds.map(Format.significant) ?? "not timed",
        report.ratio(row).map(Format.ratio) ?? "–", Format.bytes(row.bytesRead),
        report.share(row).map { Format.percent(Int(1000 * $0), of: 1000) } ?? "–",
        row.peakBytes.map(Format.bytes) ?? "–", Format.significant(row.error),
        "\(row.runs)",
      ])
    }
    let exact = report.exactTokens > 0 ? ", \(report.exactTokens) of them exact" : ""
    let spectral = Format.percent(Int(1000 * report.spectralFraction), of: 1000)
    let frequencies =
      report.frequencies > 0 ? "; \(spectral) of features spectral, \(report.frequencies) frequencies" : ""
    return """
      \(report.source): \(report.tokens) tokens\(exact); \(report.queryHeads) query heads, \(report.kvHeads) KV heads, \
      dimension \(report.headDim)\(frequencies)
      \(report.device); reads \(Format.bytes(Int(report.bandwidth)))/s
      \(table.text)
      """
  }
}
