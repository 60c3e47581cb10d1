import Foundation
import KVCacheModel

/// Caches without a model, alike real ones in what codecs live on.
///
/// Features are mixtures of a few slow signals that heads share in part, plus a mean per feature, plus noise; one
/// feature of each head is far larger than the others. Keys are rotated as the description says, probe queries lean
/// towards a key they can see, so that attention is neither flat nor a single peak.
public enum SyntheticCache {
  /// A cache of `layers` layers, the same for the same arguments on every machine with the same C library.
  ///
  /// With `slidingWindow` W, layers 1, 3, 5, … attend to W positions, hold the last min(T, W) tokens only and carry
  /// the second RoPE (base 1 000 000). Probe queries are those of the last min(P, T) positions. An odd head dimension
  /// leaves its last element without rotation.
  public static func make(
    layers: Int = 2, kvHeads: Int = 2, groupSize: Int = 2, tokens: Int = 64, headDim: Int = 16, probe: Int = 4,
    seed: UInt64 = 1, elementType: ElementType = .float16, valueType: ElementType? = nil,
    pairing: RotaryEmbedding.Pairing = .halfSplit, slidingWindow: Int? = nil, withTokens: Bool = true
  ) -> MemoryCache {
    let rotated = pairing == .none ? 0 : headDim - headDim % 2
    var ropes = [RotaryEmbedding(pairing: pairing, dimensions: rotated, base: 10_000)]
    if slidingWindow != nil { ropes.append(RotaryEmbedding(pairing: pairing, dimensions: rotated, base: 1_000_000)) }
    let geometry = CacheGeometry(
      layers: (0..<layers).map { layer in
        let window = layer % 2 == 1 ? slidingWindow : nil
        let held = min(tokens, window ?? tokens)
        return LayerGeometry(
          kvHeads: kvHeads, queryHeads: kvHeads * groupSize, headDim: headDim, tokens: held,
          firstPosition: tokens - held, slidingWindow: window, ropeIndex: window == nil ? 0 : 1)
      })
    var generator = RepeatableGenerator(seed: seed)
    let ids = (0..<tokens).map { _ in Int32.random(in: 0..<49_152, using: &generator) }
    let probes = min(probe, tokens)
    let description = CacheDescription(
      model: ModelIdentity(name: "synthetic", architecture: "llama", fingerprint: String(seed, radix: 16)),
      geometry: geometry, ropes: ropes, tokens: withTokens ? ids : nil, keyType: elementType,
      valueType: valueType ?? elementType, attentionScale: 1 / Float(headDim).squareRoot(), probeQueries: probes,
      provenance: ["generator": "SyntheticCache"])

    var cache = (keys: [CacheTensor](), values: [CacheTensor](), queries: [ProbeQueries]())
    for layer in geometry.layers {
      let rope = ropes[layer.ropeIndex]
      let plainKeys = features(layer, &generator)
      let values = features(layer, &generator)
      cache.queries.append(queries(layer, keys: plainKeys, count: probes, end: tokens, rope, &generator))
      var keys = plainKeys
      for row in 0..<layer.kvHeads * layer.tokens {
        rotate(
          &keys, row * headDim, position: layer.firstPosition + row % layer.tokens, by: rope)
      }
      func tensor(_ elements: [Float], _ type: ElementType) -> CacheTensor {
        CacheTensor(
          kvHeads: layer.kvHeads, tokens: layer.tokens, headDim: headDim, elementType: type, rounding: elements)
      }
      cache.keys.append(tensor(keys, description.keyType))
      cache.values.append(tensor(values, description.valueType))
    }
    return MemoryCache(
      description: description, keys: cache.keys, values: cache.values, queries: probes > 0 ? cache.queries : [])
  }

  /// Turns the `headDim` elements from `offset` as a key or query of `position` is turned.
  public static func rotate(_ elements: inout [Float], _ offset: Int, position: Int, by rope: RotaryEmbedding) {
    guard rope.pairing != .none else { return }
    for (pair, frequency) in rope.inverseFrequencies.enumerated() {
      let (first, second) = rope.elements(ofPair: pair)
      let (x, y) = (Double(elements[offset + first]), Double(elements[offset + second]))
      let angle = Double(position) * frequency
      elements[offset + first] = Float(rope.magnitude * (x * cos(angle) - y * sin(angle)))
      elements[offset + second] = Float(rope.magnitude * (x * sin(angle) + y * cos(angle)))
    }
  }

  /// H·T·D features before rotation.
  private static func features(_ layer: LayerGeometry, _ generator: inout RepeatableGenerator) -> [Float] {
    let (heads, tokens, dims) = (layer.kvHeads, layer.tokens, layer.headDim)
    let signalCount = 4
    // First-order autoregressive signals, from nearly white to very slow, each of variance 1.
    let memory: [Float] = [0.3, 0.8, 0.95, 0.995]
    var shared = [Float](repeating: 0, count: tokens * signalCount)
    for signal in 0..<signalCount {
      var state = noise(&generator)
      let innovation = (1 - memory[signal] * memory[signal]).squareRoot()
      for token in 0..<tokens {
        shared[token * signalCount + signal] = state
        state = memory[signal] * state + innovation * noise(&generator)
      }
    }
    var result = [Float](repeating: 0, count: heads * tokens * dims)
    result.withUnsafeMutableBufferPointer { result in
      for head in 0..<heads {
        for dim in 0..<dims {
          let scale = dim == min(1, dims - 1) ? 12 : 1 / (1 + 4 * Float(dim) / Float(dims))
          let mean = 1.5 * noise(&generator)
          let mixture = (0..<signalCount).map { _ in 0.5 * noise(&generator) }
          for token in 0..<tokens {
            var value = mean + 0.25 * noise(&generator)
            for signal in 0..<signalCount { value += mixture[signal] * shared[token * signalCount + signal] }
            result[(head * tokens + token) * dims + dim] = scale * value
          }
        }
      }
    }
    return result
  }

  /// H·G·P·D queries of the `count` positions before `end`, each half a key that its position can see, half noise.
  private static func queries(
    _ layer: LayerGeometry, keys: [Float], count: Int, end: Int, _ rope: RotaryEmbedding,
    _ generator: inout RepeatableGenerator
  ) -> ProbeQueries {
    let dims = layer.headDim
    var elements: [Float] = []
    for head in 0..<layer.queryHeads {
      for position in end - count..<end {
        let lowest = max(layer.firstPosition, layer.slidingWindow.map { position - $0 + 1 } ?? 0)
        let seen = lowest <= position ? Int.random(in: lowest...position, using: &generator) : nil
        for dim in 0..<dims {
          let row = head / layer.groupSize * layer.tokens + (seen ?? lowest) - layer.firstPosition
          let towards = seen == nil ? 0 : keys[row * dims + dim]
          // The large feature weighs little in real queries too; otherwise it alone would decide every score.
          elements.append(dim == min(1, dims - 1) ? 0.02 * towards : 0.5 * towards + noise(&generator))
        }
        rotate(&elements, elements.count - dims, position: position, by: rope)
      }
    }
    return ProbeQueries(
      heads: layer.queryHeads, count: count, headDim: dims, firstPosition: end - count, elements: elements)
  }

  /// A number of mean 0 and variance 1, nearly normal: four 16-bit uniform numbers from one draw.
  private static func noise(_ generator: inout RepeatableGenerator) -> Float {
    let bits = generator.next()
    let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + bits >> 48
    return (Float(sum) / 65_535 - 2) * Float(3).squareRoot()
  }
}
