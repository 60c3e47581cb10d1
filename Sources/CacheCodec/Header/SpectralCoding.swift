import FKVFormat
import KVCacheModel

/// What whoever extends a file of profile `spectral` must know of how it was made; decoding needs none of it.
public struct SpectralCoding: Hashable, Sendable {
  /// The steps for further segments outside the window, positive: geometric means over the groups of the file.
  public var steps: SpectralSteps
  /// Tokens at the end that are kept better; nil where the number follows the prompt's length.
  public var window: Int?
  public var windowCoding: SpectralParameters.WindowCoding
  /// How much finer the steps of a fine window are.
  public var windowSteps: WindowSteps
  /// Tokens of a segment, 1 or more.
  public var segmentTokens: Int

  public init(
    steps: SpectralSteps, window: Int?, windowCoding: SpectralParameters.WindowCoding,
    windowSteps: WindowSteps = .fine, segmentTokens: Int
  ) {
    self.steps = steps
    self.window = window
    self.windowCoding = windowCoding
    self.windowSteps = windowSteps
    self.segmentTokens = segmentTokens
  }

  init(_ parameters: SpectralParameters, steps: SpectralSteps) {
    self.init(
      steps: steps, window: parameters.window, windowCoding: parameters.windowCoding,
      windowSteps: parameters.resolvedWindowSteps, segmentTokens: parameters.segmentTokens)
  }
}

extension SpectralCoding {
  var record: RecordWriter {
    var record = RecordWriter()
    record.f32(HeaderTag.Spectral.keyStep, steps.key)
    record.f32(HeaderTag.Spectral.valueStep, steps.value)
    if let window { record.u32(HeaderTag.Spectral.window, UInt32(clamping: window)) }
    record.u8(HeaderTag.Spectral.windowCoding, windowCoding.rawValue)
    record.u32(HeaderTag.Spectral.segmentTokens, UInt32(clamping: segmentTokens))
    for (tag, factor) in Self.factors where windowSteps[keyPath: factor] != WindowSteps.fine[keyPath: factor] {
      record.f32(tag, windowSteps[keyPath: factor])
    }
    return record
  }

  /// The optional fields with the window's factors, ascending.
  private static var factors: [(FieldTag, WritableKeyPath<WindowSteps, Float>)] {
    [
      (HeaderTag.Spectral.earlierFactor, \.earlier), (HeaderTag.Spectral.latestKeyFactor, \.latestKeys),
      (HeaderTag.Spectral.latestValueFactor, \.latestValues),
    ]
  }

  /// Reads the record; throws `FormatError` where a field is missing or cannot be.
  init(parsing record: RecordReader) throws {
    try record.check(known: HeaderTag.Spectral.known)
    func step(_ tag: FieldTag) throws -> Float {
      let value = try record.f32(tag)
      guard value.isFinite, value > 0 else { throw record.invalid(tag, found: value, legal: "a positive number") }
      return value
    }
    let code = try record.u8(HeaderTag.Spectral.windowCoding)
    guard let coding = SpectralParameters.WindowCoding(rawValue: code) else {
      throw record.invalid(HeaderTag.Spectral.windowCoding, found: code, legal: "0 (fine) or 1 (lossless)")
    }
    let segment = Int(try record.u32(HeaderTag.Spectral.segmentTokens))
    guard segment >= 1 else {
      throw record.invalid(HeaderTag.Spectral.segmentTokens, found: segment, legal: "1 or more")
    }
    var windowSteps = WindowSteps.fine
    for (tag, factor) in Self.factors {
      guard let value = try record.ifPresent(tag, record.f32) else { continue }
      guard WindowSteps.legal.contains(value) else {
        throw record.invalid(tag, found: value, legal: "2⁻²⁰…1")
      }
      windowSteps[keyPath: factor] = value
    }
    self.init(
      steps: SpectralSteps(key: try step(HeaderTag.Spectral.keyStep), value: try step(HeaderTag.Spectral.valueStep)),
      window: try record.ifPresent(HeaderTag.Spectral.window, record.u32).map { Int($0) }, windowCoding: coding,
      windowSteps: windowSteps, segmentTokens: segment)
  }
}
