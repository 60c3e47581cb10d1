import Commands
import FourierKV

/// The text of `fkv verify`.
enum VerifyText {
  static func render(_ report: VerifyPipeline.Report, maxError: Double?) -> String {
    var lines = CacheHeadText.lines(report.header, size: report.size)
    guard report.findings.isEmpty else {
      lines.append("DAMAGED   \(report.findings.count) of \(report.sectionCount) sections fail their checksums")
      return lines.joined(separator: "\n")
    }
    lines.append("whole     all \(report.sectionCount) sections pass their checksums")
    guard let comparison = report.comparison else { return lines.joined(separator: "\n") }
    lines += ["", layerTable(comparison).text, "", worstTable(comparison).text, ""]
    let errors = comparison.attention
    lines.append(
      "attention-output error  \(Format.significant(errors.mean)) mean, \(Format.significant(errors.max)) max "
        + "(\(comparison.probeQueries) probe queries)")
    lines.append("key error               \(Format.significant(comparison.keyError))")
    lines.append("value error             \(Format.significant(comparison.valueError))")
    lines += predictionLines(report)
    if let maxError {
      let verdict = errors.mean <= maxError ? "within" : "ABOVE"
      lines.append("limit                   \(verdict) \(Format.significant(maxError))")
    }
    return lines.joined(separator: "\n")
  }

  private static func predictionLines(_ report: VerifyPipeline.Report) -> [String] {
    guard let found = report.predictions else { return [] }
    return [
      "KL divergence           \(Format.significant(found.meanDivergence)) mean, "
        + "\(Format.significant(found.divergence(quantile: 0.99))) p99, \(Format.significant(found.largestDivergence)) max "
        + "(nats, \(found.count) tokens)",
      "perplexity              \(Format.significant(found.perplexityFull)) full, "
        + "\(Format.significant(found.perplexityRestored)) restored",
      "top-1 agreement         \(Format.significant(100 * found.topAgreement)) %",
    ]
  }

  private static func layerTable(_ comparison: CacheComparison) -> TextTable {
    var table = TextTable(["layer", "attention mean", "attention max", "key", "value"])
    for (layer, heads) in comparison.attention.layers.enumerated() {
      table.add([
        "\(layer)", Format.significant(comparison.attention.layerMeans[layer]), Format.significant(heads.max() ?? 0),
        Format.significant(comparison.keyErrors[layer]), Format.significant(comparison.valueErrors[layer]),
      ])
    }
    return table
  }

  private static func worstTable(_ comparison: CacheComparison) -> TextTable {
    var table = TextTable(["worst places", "query head", "error"])
    for place in comparison.attention.worst(5) {
      table.add(["layer \(place.layer)", "\(place.head)", Format.significant(place.error)])
    }
    return table
  }
}
