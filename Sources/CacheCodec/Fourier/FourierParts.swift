import KVCacheModel
import SpectralTransform

/// Keys or values of one layer in profile `fourier`, as they are kept: nothing of the middle is rebuilt.
public struct FourierParts: Sendable {
  /// Tokens that are exact at the start, in parts, and exact at the end; together the layer's T.
  public let sinks: Int
  public let middle: Int
  public let window: Int
  /// P and N; nil where no feature is spectral.
  public let spectrum: TruncatedSpectrum?
  /// Features kept as spectra and features kept exactly over the middle, ascending; together the layer's H·D.
  public let spectralFeatures: [Int]
  public let exactFeatures: [Int]
  /// (2N, spectral features): row 2n is aₙ, row 2n + 1 is bₙ, such that x̃ₜ = Σₙ aₙ·cos(2πnt/P) + bₙ·sin(2πnt/P): the
  /// factors of the published reconstruction are in them.
  public let coefficients: [Float]
  /// Whether tokens that leave the window can be added to the coefficients: not with the published reconstruction,
  /// whose factors depend on the whole signal.
  public let isExtensible: Bool
  /// Sinks and window, (H, sinks + window, D), bit for bit.
  public let edge: CacheTensor
  /// The middle of the exact features, feature by feature, bit for bit.
  public let exactBytes: [UInt8]

  /// What profile `fourier` makes of a tensor, with coefficients rounded as a file would hold them.
  ///
  /// - Parameter fraction: of the features that become spectra.
  public init(_ tensor: CacheTensor, _ parameters: FourierParameters, fraction: Double) {
    let layer = LayerGeometry(
      kvHeads: tensor.kvHeads, queryHeads: tensor.kvHeads, headDim: tensor.headDim, tokens: tensor.tokens)
    let plan = FourierLayerPlan(parameters, tokens: tensor.tokens, features: layer.features, fraction: fraction)
    self.init(FourierSection(tensor, plan: plan), layer: layer, elementType: tensor.elementType)
  }

  init(_ section: FourierSection, layer: LayerGeometry, elementType: ElementType) {
    sinks = section.sinks
    middle = section.middle
    window = section.window
    spectralFeatures = section.spectralFeatures
    exactFeatures = section.exactFeatures
    spectrum =
      spectralFeatures.isEmpty ? nil : TruncatedSpectrum(period: section.period, frequencies: section.frequencies)
    var coefficients = section.coefficients
    if section.reconstruction == .published {
      for (place, _) in coefficients.enumerated() {
        coefficients[place] *= section.scales[place % section.scales.count]
      }
      for (column, offset) in section.offsets.enumerated() { coefficients[column] += offset }
    }
    self.coefficients = coefficients
    isExtensible = section.reconstruction == .projection || spectralFeatures.isEmpty
    edge = CacheTensor(
      kvHeads: layer.kvHeads, tokens: sinks + window, headDim: layer.headDim, elementType: elementType,
      bytes: section.edgeBytes)
    exactBytes = section.exactBytes
  }
}

extension FKVCache {
  /// The reader of a file of profile `fourier`; nil for other files.
  var fourier: FourierReader? { profileReader as? FourierReader }

  /// Keys or values of one layer as profile `fourier` keeps them, checked and understood.
  ///
  /// - Throws: `CodecError.unsuitable` for a file of another profile; as `tensor(_:layer:)`.
  public func fourierParts(_ kind: CacheKind, layer: Int) throws -> FourierParts {
    guard let fourier else { throw CodecError.unsuitable("the file has profile \(header.profile.name), not fourier") }
    let shape = description.geometry.layers[layer]
    let type = description.elementType(of: kind)
    guard shape.elementCount > 0 else {
      let empty = CacheTensor(
        kvHeads: shape.kvHeads, tokens: 0, headDim: shape.headDim, elementType: type, bytes: [])
      return FourierParts(empty, FourierParameters(), fraction: 0)
    }
    return FourierParts(try fourier.parsed(kind, layer), layer: shape, elementType: type)
  }
}
