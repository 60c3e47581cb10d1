import CacheCodec
import Foundation
import KVCacheModel
import TestSupport

/// A file that the product writes from a made-up cache; which one depends on the seed alone.
struct GeneratedFile {
  let seed: UInt64
  private(set) var cache: MemoryCache
  private(set) var method: CacheEncoder.Method
  private var includesTokens = true
  private var needsBasis = false
  /// Where the file was extended, rising; empty if it was written in one go.
  private(set) var cuts: [Int] = []
  private var generator: RepeatableGenerator

  init(seed: UInt64) {
    self.seed = seed
    var generator = RepeatableGenerator(seed: seed &* 0x5851_F42D_4C95_7F2D &+ 7)
    func pick<Value>(_ values: [Value]) -> Value { values.randomElement(using: &generator)! }
    func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }
    let tokens = pick([0, 1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 24, 33, 40, 50, 64, 71])
    let profile = pick([Profile.lossless, .fourier, .fourier, .spectral, .spectral, .spectral])
    var cache = SyntheticCache.make(
      layers: pick([1, 1, 2, 3, 4]), kvHeads: pick([1, 1, 2, 3]), groupSize: pick([1, 2, 3]), tokens: tokens,
      headDim: pick([1, 2, 3, 4, 5, 7, 8, 9, 16]), probe: pick([0, 2, 5]), seed: seed,
      elementType: pick(ElementType.allCases), valueType: pick([nil] + ElementType.allCases),
      pairing: pick(RotaryEmbedding.Pairing.allCases), slidingWindow: chance(25) ? pick([1, 3, 10, 20, 100]) : nil,
      withTokens: chance(80))
    for index in cache.description.ropes.indices where cache.description.ropes[index].pairing != .none && chance(30) {
      var rope = cache.description.ropes[index]
      rope.dimensions = 2 * Int.random(in: 0...rope.dimensions / 2, using: &generator)
      rope.inverseFrequencies = rope.inverseFrequencies.prefix(rope.dimensions / 2).map { $0 / 8 }
      rope.magnitude = pick([1, 1.1386, 0.5])
      rope.scaling = "yarn"
      cache.description.ropes[index] = rope
    }
    if cache.queries.isEmpty, cache.description.tokens == nil, chance(30) {
      for layer in cache.description.geometry.layers.indices {
        cache.description.geometry.layers[layer].firstPosition += pick([1, 100, 100_000])
      }
    }
    if chance(20) { cache.description.attentionSoftcap = 30 }
    switch profile {
    case .fourier:
      var parameters = FourierParameters()
      parameters.sinks = pick([0, 1, 4, 9])
      parameters.window = pick([nil, 0, 3, 10])
      parameters.states = pick([nil, 2, 6, 12])
      parameters.keyFraction = pick([nil, 0, 0.3, 0.7, 1])
      parameters.valueFraction = pick([nil, 0, 0.3, 0.7, 1])
      parameters.period = pick([nil, nil, tokens + 1, tokens + 37])
      parameters.reconstruction = pick(FourierReconstruction.allCases)
      parameters.coefficientType = pick([.float16, .float32])
      method = .fourier(parameters)
    case .spectral:
      var parameters = SpectralParameters()
      parameters.rate = .step(pick([0.003, 0.02, 0.1, 0.3, 1, 3]))
      parameters.basis = pick([.none, .embedded, .embedded, .model])
      parameters.groupLayers = pick([nil, 1, 2, 3])
      parameters.blockLength = pick([1, 2, 3, 4, 5, 8, 16, 40])
      parameters.segmentTokens = parameters.blockLength * pick([1, 2, 3, 8])
      parameters.sinks = pick([0, 1, 2, 4, 9])
      parameters.window = pick([nil, 0, 1, 5, 12])
      parameters.windowCoding = pick(SpectralParameters.WindowCoding.allCases)
      parameters.exactFraction = pick([0, 0, 0, 0.1, 0.5, 1])
      parameters.weightsValuesByAttention = !cache.queries.isEmpty && chance(30)
      needsBasis = parameters.basis == .model
      method = .spectral(parameters)
    default: method = .lossless
    }
    Self.roughen(&cache, profile: profile, percent: chance(30) ? 3 : 0, &generator)
    includesTokens = chance(80)
    if tokens > 1, !needsBasis, chance(30) {
      cuts = (0..<pick([1, 1, 2, 3])).map { _ in Int.random(in: 1..<tokens, using: &generator) }
      cuts = Set(cuts).sorted()
    }
    self.cache = cache
    self.generator = generator
  }

  /// Puts numbers into a cache that models seldom make: zeros, the largest and smallest of the type; any bits at all
  /// where the profile keeps all.
  private static func roughen(
    _ cache: inout MemoryCache, profile: Profile, percent: Int, _ generator: inout RepeatableGenerator
  ) {
    guard percent > 0 else { return }
    func roughen(_ tensor: inout CacheTensor) {
      let size = tensor.elementType.byteCount
      for element in 0..<tensor.elementCount where Int.random(in: 0..<100, using: &generator) < percent {
        for i in 0..<size {
          tensor.bytes[element * size + i] =
            profile == .lossless ? UInt8.random(in: 0...255, using: &generator) : i == size - 1 ? 0x3B : 0xFF
        }
        if profile != .lossless, Bool.random(using: &generator) {
          for i in 0..<size { tensor.bytes[element * size + i] = i == size - 1 ? 0x80 : 0 }
        }
      }
    }
    for layer in cache.keys.indices {
      roughen(&cache.keys[layer])
      roughen(&cache.values[layer])
    }
  }

  /// Writes the file, and the basis file that it needs; gives back the path of the latter.
  ///
  /// - Throws: what the encoder throws, also for caches that it cannot take.
  func write(to path: String) throws -> String? {
    var encoder = CacheEncoder(method, writer: "conformance")
    encoder.includesTokens = includesTokens
    var basisPath: String?
    var cache = cache
    if needsBasis {
      basisPath = path + "basis"
      cache.description.model = ModelIdentity(name: "made up", architecture: "llama", fingerprint: "0123abcd")
      encoder.basis = try ModelBasisFile.write(Self.basis(cache, seed: seed), to: basisPath!)
    }
    let ends = cuts + [cache.description.geometry.endPosition]
    let base = cache.description.geometry.layers.map(\.firstPosition).min()!
    let isWhole = cuts.isEmpty || base > 0
    _ = try encoder.encode(isWhole ? cache : cache.positions(0..<ends[0]), to: path)
    guard !isWhole else { return basisPath }
    for (start, end) in zip(ends, ends.dropFirst()) {
      do {
        _ = try CacheExtender(FKVCache(path: path), with: cache.positions(start..<end), writer: "conformance 2")
          .write(to: path)
      } catch is CacheExtensionError {
        // Not every file has room for more tokens; what is there stays.
        break
      }
    }
    return basisPath
  }

  /// A basis learned from two other caches of the same shape.
  private static func basis(_ cache: MemoryCache, seed: UInt64) throws -> ModelBasis {
    let layer = cache.description.geometry.layers[0]
    var calibrator = BasisCalibrator()
    calibrator.groupLayers = cache.description.geometry.isUniform ? nil : 1
    calibrator.finestError = 0.03
    for text in 0..<2 {
      var learned = SyntheticCache.make(
        layers: cache.description.geometry.layers.count, kvHeads: layer.kvHeads, groupSize: layer.groupSize, tokens: 40,
        headDim: layer.headDim, probe: 3, seed: seed &+ UInt64(1000 + text),
        pairing: cache.description.ropes[0].pairing)
      learned.description.model = cache.description.model
      try calibrator.add(learned, name: "text \(text)")
    }
    return try calibrator.basis(writer: "conformance")
  }
}

extension GeneratedFile: CustomStringConvertible {
  var description: String { "file \(seed): \(method), \(cache.description.geometry), extended at \(cuts)" }
}
