import CacheCodec
import Commands
import Fidelity
import FlashAttention
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// The model's own cache: attention straight from the file has the error that `fkv verify` prints.
@Suite(.serialized) struct RealCaptureTests {
  private static let text = (0..<24).map {
    "Line \($0): the river runs past the old mill, and the miller counts the sacks of line \($0 * 7). "
  }.joined()

  private static func methods() -> [CacheEncoder.Method] {
    var spectral = SpectralParameters()
    spectral.rate = .step(0.5)
    var fourier = FourierParameters()
    fourier.window = 64
    return [.spectral(spectral), .fourier(fourier)]
  }

  @Test func errorsAreThoseOfVerify() throws {
    let folder = ScratchFolder()
    var capture = CapturePipeline(
      prompt: Self.text, model: ModelLocation.standardModel, output: folder.file("c.safetensors"), threads: 2)
    capture.maxTokens = 300
    capture.probeQueries = 8
    _ = try capture.run()
    for (index, method) in Self.methods().enumerated() {
      let path = folder.file("\(index).fkv")
      let source = try CaptureFile(path: folder.file("c.safetensors"))
      _ = try CacheEncoder(method, writer: "test").encode(source, to: path)
      let file = try FKVCache(path: path)
      let verified = try #require(
        try VerifyPipeline(path: path, reference: folder.file("c.safetensors")).run().comparison)
      var means: [Double] = []
      for layer in [0, 1, 7, 15, 29] {
        let shape = file.description.geometry.layers[layer]
        let queries = try #require(try source.probeQueries(layer: layer))
        let found =
          index == 0
          ? try SpectralLayer(file, layer: layer).outputs(queries)
          : try FourierLayer(file, layer: layer).outputs(queries)
        let problem = AttentionProblem(layer: shape, queries: queries, scale: file.description.attentionScale)
        let errors = AttentionErrors.ofHeads(
          reference: try ReferenceAttention.outputs(
            problem, keys: source.tensor(.key, layer: layer).floats(),
            values: source.tensor(.value, layer: layer).floats()),
          restored: found, heads: shape.queryHeads)
        let mean = errors.reduce(0, +) / Double(errors.count)
        let expected = verified.attention.layerMeans[layer]
        // verify's rows are rounded to binary16, these are not: keys and values that are off by 2⁻¹¹ of their size move
        // outputs by some 2⁻¹⁰ where scores are of the size of 1, and errors by no more.
        #expect(abs(mean - expected) <= 0x1p-10, "layer \(layer): \(mean) and \(expected)")
        #expect(mean > 0.005)
        means.append(mean / expected)
      }
      // What rounding moves goes either way.
      #expect(abs(means.reduce(0, +) / Double(means.count) - 1) <= 1e-3, "\(means)")
    }
  }
}
