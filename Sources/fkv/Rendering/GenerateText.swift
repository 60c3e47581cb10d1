import Commands

/// What `fkv generate` says besides the answer.
enum GenerateText {
  /// How long each part took, and what the prefill took instead.
  static func timing(_ report: GenerateReport) -> [String] {
    let cached = report.description.geometry.tokens
    var lines = [
      "\(cached) cached tokens decoded in \(Format.seconds(report.decodeSeconds)), loaded in "
        + "\(Format.seconds(report.loadSeconds)), \(report.fedTokens) fed and the first token in "
        + "\(Format.seconds(report.firstTokenSeconds)): \(Format.seconds(report.totalSeconds))"
    ]
    if let repeated = report.repeated {
      lines.append(
        "with the prefill done again, the first token took \(Format.seconds(repeated.totalSeconds))\(times(report)), and is "
          + (repeated.isSameToken ? "the same" : "another one"))
    } else if let seconds = report.recordedPrefillSeconds {
      lines.append("the prefill had taken \(Format.seconds(seconds)) when the cache was captured\(times(report))")
    } else {
      lines.append("what the prefill had taken is unknown: the file does not say")
    }
    let rate = Double(report.tokens.count) / max(report.otherTokensSeconds, 1e-9)
    lines.append(
      report.tokens.count > 1
        ? "\(report.tokens.count) tokens, \(Format.significant(rate)) tokens/s, ended by \(report.stop.rawValue)"
        : "\(report.tokens.count) tokens, ended by \(report.stop.rawValue)")
    return lines
  }

  private static func times(_ report: GenerateReport) -> String {
    report.speedup.map { ": \(Format.ratio($0)) as late" } ?? ""
  }
}
