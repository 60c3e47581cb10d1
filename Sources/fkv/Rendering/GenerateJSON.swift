import Commands
import KVCacheModel

/// The JSON of `fkv generate`.
struct GenerateJSON: Encodable {
  struct Repeated: Encodable {
    var prefillSeconds: Double
    var firstTokenSeconds: Double
    var totalSeconds: Double
    var sameFirstToken: Bool
  }

  var text: String
  var tokens: [Int32]
  var stop: String
  var model: String
  var fingerprint: String
  var cachedTokens: Int
  var fedTokens: Int
  var decodeSeconds: Double
  var loadSeconds: Double
  var firstTokenSeconds: Double
  var totalSeconds: Double
  var otherTokensSeconds: Double
  /// Absent where the file does not say.
  var recordedPrefillSeconds: Double?
  /// Absent without --repeat-prefill.
  var repeatedPrefill: Repeated?
  /// Prefill and first token over decode, load and first token; absent if the prefill's time is unknown.
  var speedup: Double?

  init(_ report: GenerateReport) {
    text = report.text
    tokens = report.tokens
    stop = report.stop.rawValue
    model = report.description.model.name
    fingerprint = report.description.model.fingerprint
    cachedTokens = report.description.geometry.tokens
    fedTokens = report.fedTokens
    decodeSeconds = report.decodeSeconds
    loadSeconds = report.loadSeconds
    firstTokenSeconds = report.firstTokenSeconds
    totalSeconds = report.totalSeconds
    otherTokensSeconds = report.otherTokensSeconds
    recordedPrefillSeconds = report.recordedPrefillSeconds
    repeatedPrefill = report.repeated.map {
      Repeated(
        prefillSeconds: $0.prefillSeconds, firstTokenSeconds: $0.firstTokenSeconds, totalSeconds: $0.totalSeconds,
        sameFirstToken: $0.isSameToken)
    }
    speedup = report.speedup
  }
}
