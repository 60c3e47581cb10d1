import CacheCodec
import Fidelity
import FlashAttention
import KVCacheModel
import TestSupport
import Testing

@Suite struct SpectralLayerTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var layers = 2
    var tokens = 300
    var headDim = 8
    var groupSize = 2
    var pairing = RotaryEmbedding.Pairing.halfSplit
    var type = ElementType.float16
    var basis = BasisSource.embedded
    var window: Int?
    var windowCoding = SpectralParameters.WindowCoding.fine
    var sinks = 4
    var weighted = false
    var slidingWindow: Int?
    var exactFraction = 0.0
    var testDescription: String {
      "\(layers) layers, T \(tokens) D \(headDim) G \(groupSize) \(pairing.name) \(type) \(basis) window \(window ?? -1) "
        + "\(windowCoding) sinks \(sinks) weighted \(weighted) sliding \(slidingWindow ?? 0) exact \(exactFraction)"
    }
  }

  static let cases = [
    Case(), Case(pairing: .interleaved), Case(pairing: .none), Case(layers: 1, pairing: .none, type: .float32),
    Case(type: .bfloat16), Case(pairing: .none, basis: .none), Case(windowCoding: .lossless),
    Case(pairing: .none, windowCoding: .lossless), Case(sinks: 0), Case(tokens: 17, window: 0), Case(tokens: 3),
    Case(pairing: .none, weighted: true), Case(tokens: 333, groupSize: 3, weighted: true),
    Case(slidingWindow: 100), Case(tokens: 1100, pairing: .none), Case(exactFraction: 0.2),
    Case(pairing: .none, exactFraction: 0.3),
  ]

  @Test(arguments: cases) func agreesWithDecodedAttention(of test: Case) throws {
    let folder = ScratchFolder()
    let cache = SyntheticCache.make(
      layers: test.layers, groupSize: test.groupSize, tokens: test.tokens, headDim: test.headDim,
      elementType: test.type, pairing: test.pairing, slidingWindow: test.slidingWindow)
    var parameters = SpectralParameters()
    parameters.rate = .step(0.2)
    parameters.basis = test.basis
    parameters.window = test.window
    parameters.windowCoding = test.windowCoding
    parameters.sinks = test.sinks
    parameters.exactFraction = test.exactFraction
    parameters.segmentTokens = 64
    parameters.weightsValuesByAttention = test.weighted
    _ = try CacheEncoder(.spectral(parameters), writer: "test").encode(cache, to: folder.file("a.fkv"))
    let opened = try FKVCache(path: folder.file("a.fkv"))
    for (index, shape) in opened.description.geometry.layers.enumerated() {
      let queries = cache.queries[index]
      let problem = AttentionProblem(
        layer: shape, queries: queries, scale: opened.description.attentionScale)
      let (keys, values) = (try opened.tensor(.key, layer: index), try opened.tensor(.value, layer: index))
      let expected = DecodedReference.outputs(problem, keys: keys.floats(), values: values.floats())
      let found = try SpectralLayer(opened, layer: index).outputs(queries)
      // The decoder rounds to the cache's type, by at most u/2 of a number; attention here does not. A score moves by
      // scale·Σ|q||k|·u/2 and by what sums of D and C ≤ n products round, twice that is the probabilities' relative
      // error; outputs move by u/2 of the largest value.
      let unit: Double = test.type == .float16 ? 0x1p-11 : test.type == .bfloat16 ? 0x1p-8 : 0x1p-24
      let (q, k, v) = (largest(queries.elements), largest(keys.floats()), largest(values.floats()))
      let width = Double(shape.features * test.layers)
      let rounding = unit + (2 * width + 40) * 0x1p-24
      let score = Double(problem.scale) * Double(test.headDim) * q * k * rounding
      let bound = v * (2 * score + rounding + (Double(test.tokens) / 16 + 60) * 0x1p-23)
      let worst = WorstError.between(found, expected)
      #expect(worst <= bound, "\(worst) of \(bound)")
    }
  }

  private func largest(_ numbers: [Float]) -> Double { Double(numbers.map(abs).max() ?? 0) }

  @Test func otherProfilesAreRefused() throws {
    let folder = ScratchFolder()
    let cache = SyntheticCache.make()
    for (method, profile) in [
      (CacheEncoder.Method.lossless, Profile.lossless), (.fourier(FourierParameters()), .fourier),
    ] {
      _ = try CacheEncoder(method, writer: "test").encode(cache, to: folder.file("a.fkv"))
      let opened = try FKVCache(path: folder.file("a.fkv"))
      #expect(throws: FlashAttentionError.wrongProfile(found: profile, needed: .spectral)) {
        try SpectralLayer(opened, layer: 0)
      }
      if profile == .lossless {
        #expect(throws: FlashAttentionError.wrongProfile(found: .lossless, needed: .fourier)) {
          try FourierLayer(opened, layer: 0)
        }
      }
    }
  }
}
