import KVCacheModel
import TestSupport

@testable import CacheCodec

/// Tensors and plans that section tests share.
enum SectionCases {
  static func layer(tokens: Int, kvHeads: Int = 2, headDim: Int = 3) -> LayerGeometry {
    LayerGeometry(kvHeads: kvHeads, queryHeads: kvHeads, headDim: headDim, tokens: tokens)
  }

  static func tensor(_ layer: LayerGeometry, _ type: ElementType = .float16, seed: UInt64 = 1) -> CacheTensor {
    var generator = RepeatableGenerator(seed: seed)
    let slow = (0..<layer.tokens).map { Float($0) / 8 }
    let values = (0..<layer.elementCount).map { place in
      slow[place / layer.headDim % max(layer.tokens, 1)] + Float.random(in: -1...1, using: &generator)
    }
    return CacheTensor(
      kvHeads: layer.kvHeads, tokens: layer.tokens, headDim: layer.headDim, elementType: type, rounding: values)
  }

  static func parameters(
    sinks: Int = 1, window: Int = 2, states: Int = 4, period: Int? = nil,
    reconstruction: FourierReconstruction = .projection, coefficients: ElementType = .float16
  ) -> FourierParameters {
    var parameters = FourierParameters()
    parameters.sinks = sinks
    parameters.window = window
    parameters.states = states
    parameters.period = period
    parameters.reconstruction = reconstruction
    parameters.coefficientType = coefficients
    return parameters
  }

  static func section(
    _ tensor: CacheTensor, _ parameters: FourierParameters, fraction: Double = 0.5
  ) -> FourierSection {
    FourierSection(
      tensor,
      plan: FourierLayerPlan(
        parameters, tokens: tensor.tokens, features: tensor.kvHeads * tensor.headDim, fraction: fraction))
  }
}
