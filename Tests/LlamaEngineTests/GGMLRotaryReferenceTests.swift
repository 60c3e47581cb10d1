import CLlama
import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

/// `GGMLRotaryParameters` against the operation that it describes.
struct GGMLRotaryReferenceTests {
  static let cases: [GGMLRotaryParameters] = [
    GGMLRotaryParameters(mode: 0, dimensions: 64, base: 10_000),
    GGMLRotaryParameters(mode: 2, dimensions: 64, base: 1_000_000),
    GGMLRotaryParameters(mode: 2, dimensions: 32, base: 10_000),
    GGMLRotaryParameters(mode: 0, dimensions: 64, base: 500_000, frequencyScale: 0.125),
    GGMLRotaryParameters(
      mode: 0, dimensions: 64, base: 500_000, factors: (0..<32).map { $0 < 12 ? 1 : Float($0) / 4 }),
    GGMLRotaryParameters(
      mode: 2, dimensions: 64, originalContext: 4096, base: 10_000, frequencyScale: 0.0625, extensionFactor: 1),
    GGMLRotaryParameters(
      mode: 0, dimensions: 64, originalContext: 32768, base: 1_000_000, frequencyScale: 0.25, extensionFactor: 0.5,
      attentionFactor: 0.9, betaFast: 16, betaSlow: 2, factors: (0..<32).map { 1 + Float($0) / 8 }),
    GGMLRotaryParameters(mode: 2, dimensions: 64, base: 10_000, attentionFactor: 1.19),
  ]

  @Test(arguments: 0..<8) func rotatesAsGGMLDoes(_ index: Int) throws {
    let parameters = Self.cases[index]
    let rope = try #require(parameters.rotaryEmbedding(scaling: "test"))
    var generator = RepeatableGenerator(seed: UInt64(index))
    let positions: [Int32] = [0, 1, 2, 77, 1000, 4095]
    let headDim = 64
    let input = (0..<positions.count * headDim).map { _ in generator.normal() }
    let output = Self.ggml(parameters, input, positions, headDim)
    for (row, position) in positions.enumerated() {
      var expected = input[row * headDim..<(row + 1) * headDim].map(Double.init)
      var bounds = [Double](repeating: 0, count: headDim)
      for pair in 0..<rope.dimensions / 2 {
        let (x, y) = rope.elements(ofPair: pair)
        let angle = Double(position) * rope.inverseFrequencies[pair]
        let (a, b) = (expected[x], expected[y])
        expected[x] = rope.magnitude * (a * cos(angle) - b * sin(angle))
        expected[y] = rope.magnitude * (a * sin(angle) + b * cos(angle))
        // ggml multiplies the angle up in Float: at most one rounding (2⁻²⁴ of it) a pair and six for scaling; then
        // cosine, sine, magnitude, two products and a sum round at most eight times.
        let roundings = Double(pair + 6) * 0x1p-24 * abs(angle) + 8 * 0x1p-24
        bounds[x] = roundings * hypot(a, b) * rope.magnitude
        bounds[y] = bounds[x]
      }
      for dim in 0..<headDim {
        let difference = abs(Double(output[row * headDim + dim]) - expected[dim])
        #expect(difference <= bounds[dim], "position \(position), element \(dim)")
      }
    }
  }

  /// `ggml_rope_ext` of (positions, headDim), one head.
  private static func ggml(_ rope: GGMLRotaryParameters, _ input: [Float], _ positions: [Int32], _ headDim: Int)
    -> [Float]
  {
    let context = ggml_init(ggml_init_params(mem_size: 1 << 22, mem_buffer: nil, no_alloc: false))!
    defer { ggml_free(context) }
    let a = ggml_new_tensor_3d(context, GGML_TYPE_F32, Int64(headDim), 1, Int64(positions.count))!
    let b = ggml_new_tensor_1d(context, GGML_TYPE_I32, Int64(positions.count))!
    var c: UnsafeMutablePointer<ggml_tensor>?
    input.withUnsafeBytes { a.pointee.data.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    positions.withUnsafeBytes { b.pointee.data.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    if let factors = rope.factors {
      c = ggml_new_tensor_1d(context, GGML_TYPE_F32, Int64(factors.count))
      factors.withUnsafeBytes { c!.pointee.data.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    }
    let result = ggml_rope_ext(
      context, a, b, c, Int32(rope.dimensions), rope.mode, Int32(rope.originalContext), rope.base,
      rope.frequencyScale, rope.extensionFactor, rope.attentionFactor, rope.betaFast, rope.betaSlow)!
    let graph = ggml_new_graph(context)
    ggml_build_forward_expand(graph, result)
    _ = ggml_graph_compute_with_ctx(context, graph, 1)
    return Array(
      UnsafeBufferPointer(start: result.pointee.data.assumingMemoryBound(to: Float.self), count: input.count))
  }
}
