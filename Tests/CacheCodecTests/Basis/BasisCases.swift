import CacheCodec
import KVCacheModel
import TestSupport

/// Caches of several texts in one made-up model, and bases learned from them.
enum BasisCases {
  static let model = ModelIdentity(name: "made up", architecture: "llama", fingerprint: "0123abcd")

  /// The cache of one text: 4 layers of 2 × 8 features.
  static func cache(
    seed: UInt64, tokens: Int = 96, layers: Int = 4, headDim: Int = 8, probe: Int = 4, slidingWindow: Int? = nil
  ) -> MemoryCache {
    var cache = SyntheticCache.make(
      layers: layers, kvHeads: 2, groupSize: 2, tokens: tokens, headDim: headDim, probe: probe, seed: seed,
      slidingWindow: slidingWindow)
    cache.description.model = model
    return cache
  }

  /// A basis learned from the caches of two texts, without a file.
  static func basis(groupLayers: Int? = 2, seeds: [UInt64] = [11, 12], slidingWindow: Int? = nil) throws -> ModelBasis {
    var calibrator = BasisCalibrator()
    calibrator.groupLayers = groupLayers
    calibrator.finestError = 0.03
    for seed in seeds {
      try calibrator.add(cache(seed: seed, slidingWindow: slidingWindow), name: "text \(seed)")
    }
    return try calibrator.basis(writer: "test")
  }

  /// Settings of profile `spectral` with a model basis.
  static func method(step: Double = 0.05) -> CacheEncoder.Method {
    var parameters = SpectralParameters()
    parameters.rate = .step(step)
    parameters.basis = .model
    parameters.blockLength = 8
    parameters.segmentTokens = 32
    return .spectral(parameters)
  }

  /// A cache encoded with a basis.
  @discardableResult
  static func encode(
    _ cache: MemoryCache, basis: ModelBasis?, to path: String, step: Double = 0.05
  ) throws -> CacheEncoder.Outcome {
    var encoder = CacheEncoder(method(step: step), writer: "test")
    encoder.basis = basis
    return try encoder.encode(cache, to: path)
  }
}
