extension SpectralParameters {
  /// The steps and target errors that may be asked for: what is computed with them stays within Float32.
  public static let legalSteps = 1e-30...1e30

  /// Throws `CodecError.unsuitable` for the first setting that no file can have. What another setting makes pointless
  /// (`windowSteps` of a lossless window, `groupLayers` with a model's basis) is passed over.
  ///
  /// | Setting | Allowed |
  /// |---|---|
  /// | target error, step | `legalSteps` |
  /// | ratio | above 0, finite |
  /// | `groupLayers` | 1 or more |
  /// | `blockLength` N | 1 to 1024 |
  /// | `segmentTokens` | a multiple of N, at least N |
  /// | `sinks`, `window` | 0 or more |
  /// | `exactFraction` | 0 to 1 |
  public func check() throws {
    switch rate {
    case .automatic: break
    case .ratio(let value):
      try CodecError.require(value > 0 && value.isFinite, "a ratio of \(value), which must be above 0")
    case .targetError(let value):
      try CodecError.require(Self.legalSteps.contains(value), "a target error of \(value), allowed is 1e-30 to 1e30")
    case .step(let value):
      try CodecError.require(Self.legalSteps.contains(value), "a step of \(value), allowed is 1e-30 to 1e30")
    }
    if let groupLayers {
      try CodecError.require(groupLayers >= 1, "\(groupLayers) layers a group, at least 1 are needed")
    }
    try CodecError.require((1...1024).contains(blockLength), "blocks of \(blockLength) tokens, allowed are 1 to 1024")
    try CodecError.require(
      segmentTokens >= blockLength && segmentTokens % blockLength == 0,
      "segments of \(segmentTokens) tokens, which must be whole blocks of \(blockLength)")
    try CodecError.require(sinks >= 0, "\(sinks) sinks, at least 0 are needed")
    try CodecError.require(window ?? 0 >= 0, "a window of \(window ?? 0) tokens, at least 0 are needed")
    try CodecError.require((0...1).contains(exactFraction), "an exact fraction of \(exactFraction), allowed is 0 to 1")
  }
}
