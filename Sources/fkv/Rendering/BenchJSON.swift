import Commands

/// The JSON of `fkv bench`.
struct BenchJSON: Encodable {
  struct Attention: Encodable {
    var mean: Double
    var max: Double
  }

  struct Point: Encodable {
    var method: String
    var setting: String
    var isProduct: Bool
    var fileBytes: Int
    var basisBytesOutside: Int
    var ratio: Double
    /// The ratio that was asked for and not reached.
    var unmetRatio: Double?
    var bitsPerElement: Double
    var attentionOutputError: Attention
    var keyError: Double
    var valueError: Double
    var encodeSeconds: Double
    var decodeSeconds: Double
  }

  struct EqualError: Encodable {
    var method: String
    var error: Double
    /// null if no setting of the method has so small an error.
    var ratio: Double?
    /// Whether the ratio is between two settings; else it is the least that is known.
    var isInterpolated: Bool
  }

  struct Skipped: Encodable {
    var method: String
    var setting: String
    var reason: String
  }

  struct Capture: Encodable {
    var capture: String
    var geometry: CacheHeadJSON.Geometry
    var rawBytes: Int
    var probeQueries: Int
    var points: [Point]
    var atError: [EqualError]
    var skipped: [Skipped]
  }

  var captures: [Capture]

  init(_ reports: [BenchReport], errors: [Double]) {
    captures = reports.map { report in
      Capture(
        capture: report.capture, geometry: CacheHeadJSON.Geometry(report.description),
        rawBytes: CacheSize(fileBytes: 0, geometry: report.description.geometry).rawBytes,
        probeQueries: report.description.probeQueries, points: report.points.map(Point.init),
        atError: report.methods.flatMap { method in errors.map { EqualError(report, method, $0) } },
        skipped: report.skipped.map { Skipped(method: $0.method, setting: $0.setting, reason: $0.reason) })
    }
  }
}

extension BenchJSON.Point {
  init(_ point: BenchPoint) {
    let errors = point.comparison
    self.init(
      method: point.method, setting: point.setting, isProduct: point.isProduct, fileBytes: point.size.fileBytes,
      basisBytesOutside: point.outsideBytes, ratio: point.size.ratio, unmetRatio: point.unmetRatio,
      bitsPerElement: point.size.bitsPerElement,
      attentionOutputError: BenchJSON.Attention(mean: errors.attention.mean, max: errors.attention.max),
      keyError: errors.keyError, valueError: errors.valueError, encodeSeconds: point.encodeSeconds,
      decodeSeconds: point.decodeSeconds)
  }
}

extension BenchJSON.EqualError {
  init(_ report: BenchReport, _ method: String, _ error: Double) {
    let reach = report.curve(method).reach(at: error)
    let ratio: Double? =
      switch reach {
      case .ratio(let ratio), .atLeast(let ratio): ratio
      case .unreached: nil
      }
    let isInterpolated = if case .ratio = reach { true } else { false }
    self.init(method: method, error: error, ratio: ratio, isInterpolated: isInterpolated)
  }
}
