import FileIO
import KVCacheModel

/// The arguments of ggml's rotary operation (`ggml_rope_ext`), from which it derives the angle of every pair.
public struct GGMLRotaryParameters: Hashable, Sendable {
  /// ggml's mode bits: 0 rotates elements 2i and 2i+1; 2, 8 and 40 rotate i and i + dimensions/2.
  public var mode: Int32
  /// Elements of a head that are rotated.
  public var dimensions: Int
  /// The context length that the model was trained with before scaling, for YaRN's ramp.
  public var originalContext: Int
  public var base: Float
  /// 1 without linear scaling; 1/s with.
  public var frequencyScale: Float
  /// YaRN's mix of interpolation and extrapolation; 0 without YaRN.
  public var extensionFactor: Float
  /// What cosines and sines are multiplied by, before YaRN's own correction.
  public var attentionFactor: Float
  public var betaFast: Float
  public var betaSlow: Float
  /// What each pair's frequency is divided by (Llama 3, LongRoPE); nil for none.
  public var factors: [Float]?

  public init(
    mode: Int32, dimensions: Int, originalContext: Int = 0, base: Float, frequencyScale: Float = 1,
    extensionFactor: Float = 0, attentionFactor: Float = 1, betaFast: Float = 32, betaSlow: Float = 1,
    factors: [Float]? = nil
  ) {
    precondition(dimensions >= 0 && dimensions % 2 == 0)
    precondition(factors.map { $0.count >= dimensions / 2 } ?? true)
    self.mode = mode
    self.dimensions = dimensions
    self.originalContext = originalContext
    self.base = base
    self.frequencyScale = frequencyScale
    self.extensionFactor = extensionFactor
    self.attentionFactor = attentionFactor
    self.betaFast = betaFast
    self.betaSlow = betaSlow
    self.factors = factors
  }

  /// Which elements pair up; nil for a mode that a text model's keys cannot have.
  public var pairing: RotaryEmbedding.Pairing? {
    switch mode {
    case 0: .interleaved
    case 2, 8, 40: .halfSplit
    default: nil
    }
  }

  /// What the operation does to a text token's key; nil where `RotaryEmbedding` cannot say it: an unknown mode, or
  /// numbers that are not finite and positive.
  ///
  ///     angle(p, i) = p · θ^i / factor(i) · (s · (1 − m(i)) + m(i)),   θ = base^(−2/dimensions)
  ///     m(i) = extension · (1 − clamp((i − low) / max(0.001, high − low), 0, 1))
  ///     magnitude = attention · (1 + 0.1 · ln(1/s) if extension ≠ 0)
  ///
  /// Source: ggml-cpu/ops.cpp (`rope_yarn`, `ggml_rope_cache_init`) and ggml.c (`ggml_rope_yarn_corr_dims`). θ and
  /// the ramp are rounded to Float as ggml does; powers of θ, which ggml multiplies up in Float, are taken in Double.
  ///
  /// - Parameter scaling: the model file's word for how frequencies were scaled.
  public func rotaryEmbedding(scaling: String) -> RotaryEmbedding? {
    guard let pairing, base > 0, base.isFinite, frequencyScale > 0, frequencyScale.isFinite else { return nil }
    var magnitude = Double(attentionFactor)
    if extensionFactor != 0 { magnitude *= Double(1 + 0.1 * logf(1 / frequencyScale)) }
    guard magnitude > 0, magnitude.isFinite else { return nil }

    let step = Double(powf(base, -2 / Float(dimensions)))
    let ramp = extensionFactor == 0 ? nil : correctionRange
    var frequency = 1.0
    var frequencies: [Double] = []
    for pair in 0..<dimensions / 2 {
      let mix = ramp.map { Double(Self.ramp($0, pair) * extensionFactor) } ?? 0
      let factor = Double(factors?[pair] ?? 1)
      let value = frequency / factor * (Double(frequencyScale) * (1 - mix) + mix)
      guard value.isFinite else { return nil }
      frequencies.append(value)
      frequency *= step
    }
    return RotaryEmbedding(
      pairing: pairing, dimensions: dimensions, base: Double(base), scaling: scaling,
      inverseFrequencies: frequencies, magnitude: magnitude)
  }

  /// The pairs between which YaRN passes from extrapolation to interpolation.
  private var correctionRange: (low: Float, high: Float) {
    func dimension(_ rotations: Float) -> Float {
      Float(dimensions) * logf(Float(originalContext) / (rotations * 2 * Float.pi)) / (2 * logf(base))
    }
    return (
      max(0, dimension(betaFast).rounded(.down)), min(Float(dimensions - 1), dimension(betaSlow).rounded(.up))
    )
  }

  private static func ramp(_ range: (low: Float, high: Float), _ pair: Int) -> Float {
    1 - min(1, max(0, (Float(pair) - range.low) / max(0.001, range.high - range.low)))
  }
}
