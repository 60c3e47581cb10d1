import CacheCodec
import Commands
import Fidelity
import FlashAttention
import FourierKV
import KVCacheModel
import TestSupport
import Testing

/// Attention straight from files has the error that `fkv verify` finds for the decoded cache.
@Suite struct VerifiedFilesTests {
  private static func methods() -> [CacheEncoder.Method] {
    var published = FourierParameters()
    published.reconstruction = .published
    var longer = FourierParameters()
    longer.period = 512
    longer.states = 32
    var spectral = SpectralParameters()
    spectral.rate = .step(0.3)
    return [.fourier(FourierParameters()), .fourier(published), .fourier(longer), .spectral(spectral)]
  }

  @Test(arguments: methods().indices) func errorsAreThoseOfVerify(index: Int) throws {
    let folder = ScratchFolder()
    let cache = SyntheticCache.make(layers: 3, tokens: 400, headDim: 16, probe: 8)
    _ = try CacheEncoder(Self.methods()[index], writer: "test").encode(cache, to: folder.file("a.fkv"))
    let file = try FKVCache(path: folder.file("a.fkv"))
    let verified = try CacheComparison(of: file.decodeAll(), with: cache)
    for layer in 0..<3 {
      let queries = cache.queries[layer]
      let found =
        index < 3
        ? try FourierLayer(file, layer: layer).outputs(queries) : try SpectralLayer(file, layer: layer).outputs(queries)
      let problem = AttentionProblem(
        layer: file.description.geometry.layers[layer], queries: queries, scale: file.description.attentionScale)
      let errors = AttentionErrors.ofHeads(
        reference: try ReferenceAttention.outputs(
          problem, keys: cache.keys[layer].floats(), values: cache.values[layer].floats()),
        restored: found, heads: problem.layer.queryHeads)
      let mean = errors.reduce(0, +) / Double(errors.count)
      // The decoder rounds to binary16, attention here does not: outputs differ by some 2⁻¹¹ of scores near 20, which is
      // the most that an error of outputs can move by.
      #expect(
        abs(mean - verified.attention.layerMeans[layer]) <= 0.02, "\(mean) and \(verified.attention.layerMeans[layer])")
      #expect(mean > 1e-4)
    }
  }
}
