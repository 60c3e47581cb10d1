import FourierKV

/// The text of `fkv bench attention`.
enum AttentionBenchText {
  static func render(_ report: AttentionBenchReport) -> String {
    var table = TextTable(["", "ms", "times ours", "bytes read", "of bandwidth", "error", "runs"])
    for row in report.rows {
      table.add([
        row.variant, row.milliseconds.map(Format.significant) ?? "not timed",
        report.ratio(row).map(Format.ratio) ?? "–", Format.bytes(row.bytesRead),
        report.share(row).map { Format.percent(Int(1000 * $0), of: 1000) } ?? "–", Format.significant(row.error),
        "\(row.runs)",
      ])
    }
    let spectral = Format.percent(Int(1000 * report.spectralFraction), of: 1000)
    return """
      \(report.source): \(report.tokens) tokens, \(report.exactTokens) of them exact; \(report.queryHeads) query heads, \
      \(report.kvHeads) KV heads, dimension \(report.headDim); \(spectral) of features spectral, \
      \(report.frequencies) frequencies
      \(report.device); reads \(Format.bytes(Int(report.bandwidth)))/s
      \(table.text)
      """
  }
}
