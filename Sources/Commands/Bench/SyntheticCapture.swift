import ComputeKernels
import Foundation
import Interchange
import KVCacheModel

/// A made-up cache of any size, for measuring time and memory where no model of that size is at hand.
///
/// Each layer mixes a few slow signals and noise into its features, keys are rotated, and queries are drawn near late
/// keys: enough structure for every stage to have its usual work. Errors and ratios measured on it mean nothing.
public struct SyntheticCapture: Sendable {
  public var layers = 32
  public var kvHeads = 8
  public var queryHeads = 32
  public var headDim = 128
  public var tokens = 32_768
  public var probeQueries = 32
  public var seed: UInt64 = 1

  public init() {}

  /// What the capture says of itself.
  public var description: CacheDescription {
    CacheDescription(
      model: ModelIdentity(name: "synthetic", architecture: "synthetic", fingerprint: ""),
      geometry: CacheGeometry(
        layers: layers, kvHeads: kvHeads, queryHeads: queryHeads, headDim: headDim, tokens: tokens),
      ropes: [RotaryEmbedding(pairing: .halfSplit, dimensions: headDim / 2 * 2, base: 500_000)], tokens: nil,
      attentionScale: 1 / Float(headDim).squareRoot(), probeQueries: min(probeQueries, tokens),
      provenance: ["writer": FKVVersion.writer])
  }

  /// Writes the capture, one layer in memory at a time.
  public func write(to path: String, progress: (Int, Int) -> Void = { _, _ in }) throws {
    let description = description
    let first = tokens - description.probeQueries
    let writer = try CaptureWriter(path: path, description: description, probeFirstPosition: first)
    try ParallelLoop.ordered(
      layers,
      produce: { layer in
        let keys = Layer(self, layer: layer, kind: .key)
        return (keys.tensor, Layer(self, layer: layer, kind: .value).tensor, keys.queries(first: first))
      },
      consume: { layer, parts in
        try writer.write(
          layer: layer, key: parts.0, value: parts.1, queries: description.probeQueries > 0 ? parts.2 : nil)
        progress(layer + 1, layers)
      })
    try writer.commit()
  }

  /// Keys or values of one layer.
  struct Layer {
    let shape: SyntheticCapture
    /// (H, T, D).
    var values: [Float]

    init(_ shape: SyntheticCapture, layer: Int, kind: CacheKind) {
      self.shape = shape
      let (heads, tokens, d) = (shape.kvHeads, shape.tokens, shape.headDim)
      var random = SmallRandom(seed: shape.seed &+ UInt64(2 * layer + Int(kind.rawValue)) &* 0x9E37_79B9)
      values = [Float](repeating: 0, count: heads * tokens * d)
      let sources = 16
      var states = (0..<sources).map { _ in random.uniform() }
      let mixing = (0..<heads * d * sources).map { _ in random.uniform() }
      let rates = (0..<sources).map { 0.5 + 0.49 * Float($0) / Float(sources) }
      values.withUnsafeMutableBufferPointer { values in
        for t in 0..<tokens {
          for s in 0..<sources { states[s] = rates[s] * states[s] + 0.5 * random.uniform() }
          for head in 0..<heads {
            for i in 0..<d {
              var sum = 0.3 * random.uniform()
              for s in 0..<4 { sum += mixing[(head * d + i) * sources + s] * states[(s * 4 + i) % sources] }
              values[(head * tokens + t) * d + i] = sum
            }
          }
        }
      }
    }

    var tensor: CacheTensor {
      var bytes = [UInt8](repeating: 0, count: 2 * values.count)
      bytes.withUnsafeMutableBytes { StoredElements.narrowHalf(values, into: $0) }
      return CacheTensor(
        kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim, elementType: .float16, bytes: bytes)
    }

    /// Each query is the last key that it sees, stretched.
    func queries(first: Int) -> ProbeQueries {
      let (heads, d, count) = (shape.queryHeads, shape.headDim, shape.tokens - first)
      let group = heads / shape.kvHeads
      var elements: [Float] = []
      elements.reserveCapacity(heads * count * d)
      for head in 0..<heads {
        let start = (head / group * shape.tokens + first) * d
        for element in values[start..<start + count * d] { elements.append(2 * element) }
      }
      return ProbeQueries(heads: heads, count: count, headDim: d, firstPosition: first, elements: elements)
    }
  }
}

/// xorshift64*, as uniform numbers in −1…1.
private struct SmallRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed | 1 }

  mutating func uniform() -> Float {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return Float(Int32(truncatingIfNeeded: (state &* 0x2545_F491_4F6C_DD1D) >> 32)) / Float(1 << 31)
  }
}
