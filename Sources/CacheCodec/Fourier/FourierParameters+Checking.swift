extension FourierParameters {
  /// Throws `CodecError.unsuitable` for the first setting that no file can have.
  ///
  /// | Setting | Allowed |
  /// |---|---|
  /// | `sinks`, `window` | 0 or more |
  /// | `states` | even, 2 or more |
  /// | `keyFraction`, `valueFraction` | 0 to 1 |
  /// | `period` | 1 to `longestPeriod` |
  /// | `coefficientType` | F16 or F32 |
  public func check() throws {
    try CodecError.require(sinks >= 0, "\(sinks) sinks, at least 0 are needed")
    try CodecError.require(window ?? 0 >= 0, "a window of \(window ?? 0) tokens, at least 0 are needed")
    if let states {
      try CodecError.require(states >= 2 && states % 2 == 0, "\(states) states, which must be even and at least 2")
    }
    for fraction in [keyFraction, valueFraction].compactMap({ $0 }) {
      try CodecError.require((0...1).contains(fraction), "a fraction of \(fraction), allowed is 0 to 1")
    }
    if let period {
      try CodecError.require(period >= 1, "a period of \(period) tokens, at least 1 is needed")
      try CodecError.require(
        period <= Self.longestPeriod, "a period of \(period) tokens, allowed is at most \(Self.longestPeriod)")
    }
    try CodecError.require(coefficientType != .bfloat16, "coefficients in BF16, allowed are F16 and F32")
  }
}
