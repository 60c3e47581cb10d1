import CacheCodec
import ComputeKernels
import KVCacheModel
import SpectralTransform

/// One layer of a cache of profile `fourier`, laid out for attention without rebuilding keys or values of the middle
/// (docs/method.md, "Attention without reconstruction").
///
/// Memory is that of the coefficients in single precision and of the exact numbers in their own type.
public struct FourierLayer: Sendable {
  /// The layer's shape; tokens grow with `append`.
  public internal(set) var geometry: LayerGeometry
  /// What q·k is multiplied by.
  public let scale: Float
  /// c in c·tanh(score/c), or nil.
  public let softcap: Float?
  /// Tokens: exact, in parts, exact.
  public let sinks: Int
  public internal(set) var middle: Int
  public internal(set) var window: Int

  let grid: SpectralGrid?
  let element: TileElement
  let keyType: ElementType
  let valueType: ElementType
  let isExtensible: Bool
  var keys: FourierFeatures
  var values: FourierFeatures
  var heads: [FourierHead]
  /// Where the window begins among the tokens of `FourierHead.windowKeys`.
  var windowStart = 0

  /// One layer of an opened file.
  ///
  /// - Throws: `FlashAttentionError.wrongProfile`, `.unequalParts`; what is wrong with the layer's sections.
  public init(_ cache: FKVCache, layer: Int) throws {
    guard cache.header.profile == .fourier else {
      throw FlashAttentionError.wrongProfile(found: cache.header.profile, needed: .fourier)
    }
    let description = cache.description
    try self.init(
      keys: cache.fourierParts(.key, layer: layer), values: cache.fourierParts(.value, layer: layer),
      geometry: description.geometry.layers[layer], scale: description.attentionScale,
      softcap: description.attentionSoftcap)
  }

  /// A layer of what profile `fourier` made of its keys and values.
  ///
  /// - Throws: `FlashAttentionError.unequalParts`.
  public init(
    keys: FourierParts, values: FourierParts, geometry: LayerGeometry, scale: Float, softcap: Float? = nil
  ) throws {
    precondition(keys.sinks + keys.middle + keys.window == geometry.tokens, "parts of another layer")
    func text(_ parts: FourierParts) -> String {
      let spectrum = parts.spectrum.map { ", \($0.frequencies) frequencies of period \($0.period)" } ?? ""
      return "\(parts.sinks) + \(parts.middle) + \(parts.window) tokens\(spectrum)"
    }
    let spectra = [keys.spectrum, values.spectrum].compactMap { $0 }
    guard
      (keys.sinks, keys.middle, keys.window) == (values.sinks, values.middle, values.window),
      spectra.allSatisfy({ $0.period == spectra[0].period && $0.frequencies == spectra[0].frequencies })
    else { throw FlashAttentionError.unequalParts(keys: text(keys), values: text(values)) }
    self.geometry = geometry
    self.scale = scale
    self.softcap = softcap
    sinks = keys.sinks
    middle = keys.middle
    window = keys.window
    keyType = keys.edge.elementType
    valueType = values.edge.elementType
    isExtensible = keys.isExtensible && values.isExtensible
    // The kernel takes one type for both; single precision holds every other.
    element = keyType == valueType ? TileElement(keyType) : .float
    grid = spectra.first.map(SpectralGrid.init)
    self.keys = FourierFeatures(keys, geometry)
    self.values = FourierFeatures(values, geometry)
    let (shape, element) = (geometry, element)
    let rows = grid.map { $0.isInterpolated ? $0.stride : FourierHead.plainRows } ?? FourierHead.plainRows
    let layout = (self.keys, self.values)
    heads = try ParallelLoop.map(geometry.kvHeads) { head in
      FourierHead(
        head, keys: keys, values: values, layout: layout, geometry: shape, rows: rows, element: element)
    }
  }

  /// Bytes that one decode step reads: coefficients, exact features, sinks and window.
  public var byteCount: Int {
    4 * (keys.coefficients.count + values.coefficients.count)
      + heads.reduce(0) { sum, head in
        let middleFeatures = head.middleKeys.features + head.middleValues.features
        let edge = 2 * (sinks + window) * geometry.headDim
        return sum + (middle * middleFeatures + edge) * element.byteCount
      }
  }
}

extension TileElement {
  /// The tile type that holds numbers of `type` bit for bit.
  init(_ type: ElementType) {
    switch type {
    case .float16: self = .half
    case .bfloat16: self = .bfloat
    case .float32: self = .float
    }
  }
}
