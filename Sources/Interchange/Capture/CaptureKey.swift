/// The names in a capture file, one place for reader and writer; formats/capture.md says what they mean.
enum CaptureKey {
  static let format = "format"
  static let formatName = "fkv-capture"
  static let formatVersion = "format_version"
  static let currentVersion = "1"

  static let modelName = "model.name"
  static let modelArchitecture = "model.architecture"
  static let modelFingerprint = "model.fingerprint"

  static let layers = "layers"
  static let kvHeads = "kv_heads"
  static let queryHeads = "query_heads"
  static let headDim = "head_dim"
  static let cachedTokens = "cached_tokens"
  static let firstPosition = "first_position"
  static let slidingWindow = "sliding_window"
  static let ropeIndex = "rope_index"

  static let ropes = "ropes"
  static let attentionScale = "attention_scale"
  static let attentionSoftcap = "attention_softcap"
  static let probeQueries = "probe_queries"
  static let probeFirstPosition = "probe_first_position"
  static let provenancePrefix = "provenance."

  /// `rope.{index}.{field}`: field is `pairing`, `dimensions`, `base`, `scaling`, `magnitude` or
  /// `inverse_frequencies`.
  static func rope(_ index: Int, _ field: String) -> String { "rope.\(index).\(field)" }

  static let tokens = "tokens"
  static let positions = "positions"
  /// `layers.{layer}.{part}`: part is `key`, `value` or `query`.
  static func tensor(_ layer: Int, _ part: String) -> String { "layers.\(layer).\(part)" }
}

/// Bounds on what metadata may declare besides tensors; what tensors hold is bounded by the file.
enum CaptureLimit {
  /// L, H·G and D.
  static let dimension = 65_536
  /// Positions and token counts fit `Int32`.
  static let position = Int(Int32.max)
}
