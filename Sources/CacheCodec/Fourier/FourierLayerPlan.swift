import KVCacheModel
import SpectralTransform

/// What profile `fourier` does with the T tokens of one layer's keys or values.
///
///     tokens:  | sinks | middle M | window |      T = sinks + M + window
///
/// A prompt with no middle (T ≤ sinks + window) is all exact.
struct FourierLayerPlan: Hashable, Sendable {
  var sinks: Int
  var middle: Int
  var window: Int
  /// N and P; nil where there is no middle or no feature is spectral.
  var frequencies: Int
  var period: Int
  /// Features kept as spectra, of the layer's H·D.
  var spectralFeatures: Int
  var reconstruction: FourierReconstruction
  var coefficientType: ElementType

  /// The plan for a layer of T tokens and `features` features.
  init(_ parameters: FourierParameters, tokens: Int, features: Int, fraction: Double) {
    precondition(parameters.sinks >= 0 && parameters.window ?? 0 >= 0 && parameters.states ?? 2 >= 2)
    precondition((0...1).contains(fraction), "a fraction lies in 0…1")
    precondition(parameters.coefficientType != .bfloat16, "coefficients are F16 or F32")
    sinks = min(parameters.sinks, tokens)
    window = min(parameters.window ?? min(1020, tokens / 4), tokens - sinks)
    middle = tokens - sinks - window
    period = max(parameters.period ?? middle, middle)
    let states = parameters.states ?? min(1024, middle / 4)
    frequencies = middle == 0 ? 0 : min(max(states / 2, 1), period / 2 + 1)
    spectralFeatures = middle == 0 ? 0 : Int((fraction * Double(features)).rounded(.down))
    reconstruction = parameters.reconstruction
    coefficientType = parameters.coefficientType
    if spectralFeatures == 0 {
      frequencies = 0
      period = middle
    }
  }

  var spectrum: TruncatedSpectrum { TruncatedSpectrum(period: period, frequencies: frequencies) }
}
