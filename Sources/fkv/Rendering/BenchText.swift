import Commands

/// The tables of `fkv bench`.
enum BenchText {
  static func render(_ report: BenchReport, errors: [Double]) -> String {
    let head = "\(report.capture): \(CacheHeadText.geometry(report.description))"
    let probes = report.points.first?.comparison.probeQueries ?? report.description.probeQueries
    var parts = [head + ", \(probes) probe queries", table(report).text]
    if !errors.isEmpty { parts.append(equalErrors(report, errors).text) }
    return parts.joined(separator: "\n\n")
  }

  /// A capture's file name without folder and ending.
  static func name(_ capture: String) -> String {
    let file = capture.split(separator: "/").last.map(String.init) ?? capture
    guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return file }
    return String(file[..<dot])
  }

  private static func table(_ report: BenchReport) -> TextTable {
    var table = TextTable([
      "method", "setting", "file bytes", "basis outside", "ratio", "bits/element", "attention mean", "max", "key",
      "value", "encode s", "decode s",
    ])
    for point in report.points {
      let errors = point.comparison
      table.add([
        point.method, point.setting, "\(point.size.fileBytes)", "\(point.outsideBytes)",
        Format.ratio(point.size.ratio, unmet: point.unmetRatio), Format.significant(point.size.bitsPerElement),
        Format.significant(errors.attention.mean), Format.significant(errors.attention.max),
        Format.significant(errors.keyError), Format.significant(errors.valueError),
        Format.significant(point.encodeSeconds), Format.significant(point.decodeSeconds),
      ])
    }
    return table
  }

  private static func equalErrors(_ report: BenchReport, _ errors: [Double]) -> TextTable {
    var table = TextTable(["ratio at equal error"] + errors.map { Format.significant($0) })
    for method in report.methods {
      let curve = report.curve(method)
      table.add(
        [method]
          + errors.map {
            switch curve.reach(at: $0) {
            case .ratio(let ratio): Format.ratio(ratio)
            case .atLeast(let ratio): "≥ \(Format.ratio(ratio))"
            case .unreached: "–"
            }
          })
    }
    return table
  }
}
