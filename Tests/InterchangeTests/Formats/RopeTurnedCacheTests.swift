import Foundation
import Interchange
import KVCacheModel
import TestSupport
import Testing

struct RopeTurnedCacheTests {
  private static let (tokens, headDim, first) = (40, 12, 1000)
  private static let from = RotaryEmbedding(
    pairing: .halfSplit, dimensions: 8, base: 100, scaling: "longrope-short", inverseFrequencies: [1, 0.5, 0.25, 0.01],
    magnitude: 1.1)
  private static let to = RotaryEmbedding(
    pairing: .halfSplit, dimensions: 8, base: 100, scaling: "longrope-long",
    inverseFrequencies: [0.9, 0.2, 0.25, 0.0001], magnitude: 1.25)

  /// Rows of two heads rotated by an embedding, as an engine would do it.
  private static func rotated(_ rope: RotaryEmbedding) -> [Float] {
    var generator = RepeatableGenerator(seed: 9)
    var values = (0..<2 * tokens * headDim).map { _ in Double(generator.normal()) }
    for row in 0..<2 * tokens {
      let position = Double(first + row % tokens)
      for pair in 0..<rope.dimensions / 2 {
        let (a, b) = rope.elements(ofPair: pair)
        let angle = position * rope.inverseFrequencies[pair]
        let (x, y) = (values[row * headDim + a], values[row * headDim + b])
        values[row * headDim + a] = rope.magnitude * (x * cos(angle) - y * sin(angle))
        values[row * headDim + b] = rope.magnitude * (x * sin(angle) + y * cos(angle))
      }
    }
    return values.map(Float.init)
  }

  private static func bytes(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
  }

  private static func floats(_ bytes: [UInt8]) -> [Float] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * $1) })
    }
  }

  private static func cache(_ rope: RotaryEmbedding) -> MemoryCache {
    let layer = LayerGeometry(
      kvHeads: 2, queryHeads: 2, headDim: headDim, tokens: tokens, firstPosition: first, slidingWindow: tokens)
    let values = rotated(rope)
    let tensor = CacheTensor(
      kvHeads: 2, tokens: tokens, headDim: headDim, elementType: .float32, bytes: bytes(values))
    let description = CacheDescription(
      model: ModelIdentity(name: "", architecture: "phi3", fingerprint: ""), geometry: CacheGeometry(layers: [layer]),
      ropes: [rope], tokens: nil, keyType: .float32, valueType: .float32, attentionScale: 1, probeQueries: tokens)
    let queries = ProbeQueries(
      heads: 2, count: tokens, headDim: headDim, firstPosition: first, elements: values)
    return MemoryCache(description: description, keys: [tensor], values: [tensor], queries: [queries])
  }

  @Test func keysAndQueriesAreThoseOfTheOtherEmbedding() throws {
    let source = Self.cache(Self.from)
    let turned = RopeTurnedCache(source, ropes: [Self.to])
    #expect(turned.description.ropes == [Self.to] && turned.description.longRope == .long)
    let expected = Self.rotated(Self.to)
    for values in [
      Self.floats(try turned.tensor(.key, layer: 0).bytes), try #require(try turned.probeQueries(layer: 0)).elements,
    ] {
      // Both were rounded to binary32 twice at most, at sizes below 8.
      for (x, y) in zip(values, expected) { #expect(abs(x - y) <= 8 * 0x1p-23) }
    }
    #expect(try turned.tensor(.value, layer: 0) == source.values[0])
  }

  @Test func nothingIsTouchedWhereNothingChanges() throws {
    let source = Self.cache(Self.from)
    var renamed = Self.from
    renamed.scaling = "longrope"
    let turned = RopeTurnedCache(source, ropes: [renamed])
    #expect(try turned.tensor(.key, layer: 0) == source.keys[0] && turned.probeQueries(layer: 0) == source.queries[0])
  }
}
