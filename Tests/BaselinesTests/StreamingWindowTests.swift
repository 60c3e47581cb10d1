import CacheCodec
import Fidelity
import Foundation
import KVCacheModel
import TestSupport
import Testing

@testable import Baselines

struct StreamingWindowTests {
  let cache = SyntheticCache.make(layers: 2, tokens: 30, headDim: 8)

  @Test func dropsTheMiddleAndNothingElse() throws {
    let (bytes, restored) = try roundTrip(StreamingWindow(window: 6), cache)
    #expect(restored.droppedRows == [4..<24, 4..<24])
    #expect(bytes.count == 2 * 2 * 2 * 10 * 8 * 2)
    for layer in 0..<2 {
      for kind in CacheKind.allCases {
        let (x, y) = (cache.tensor(kind, layer: layer).floats(), restored.cache.tensor(kind, layer: layer).floats())
        for i in x.indices { #expect(y[i] == ((4..<24).contains(i / 8 % 30) ? 0 : x[i])) }
      }
    }
  }

  @Test(arguments: [(2, 4..<4), (4, 4..<4), (10, 4..<4), (11, 4..<5), (30, 4..<24)])
  func droppedRows(_ tokens: Int, _ rows: Range<Int>) {
    let layer = LayerGeometry(kvHeads: 1, queryHeads: 1, headDim: 8, tokens: tokens)
    let dropped = StreamingWindow(window: 6).droppedRows(of: layer, end: tokens)
    #expect(dropped.count == rows.count && (dropped.isEmpty || dropped == rows))
  }

  /// Positions count, not rows: a layer that begins late has no sinks.
  @Test(arguments: [(0, 4..<24), (2, 2..<22), (10, 0..<14), (24, 0..<0), (28, 0..<0)])
  func droppedRowsOfALayerThatBeginsLate(_ first: Int, _ rows: Range<Int>) {
    let layer = LayerGeometry(kvHeads: 1, queryHeads: 1, headDim: 8, tokens: 30 - first, firstPosition: first)
    let dropped = StreamingWindow(window: 6).droppedRows(of: layer, end: 30)
    #expect(dropped.count == rows.count && (dropped.isEmpty || dropped == rows))
  }

  @Test func layersWithSlidingWindows() throws {
    let sliding = SyntheticCache.make(layers: 2, tokens: 30, headDim: 8, slidingWindow: 12)
    let (bytes, restored) = try roundTrip(StreamingWindow(window: 6), sliding)
    #expect(restored.droppedRows == [4..<24, 0..<6])
    #expect(bytes.count == 2 * 2 * (10 + 6) * 8 * 2)
  }

  /// Attention over a cache with dropped rows is that over the cache without these rows.
  @Test(arguments: [Float?.none, 5]) func attentionDoesNotSeeDroppedRows(_ softcap: Float?) throws {
    let layer = cache.description.geometry.layers[0]
    let queries = cache.queries[0]
    let problem = AttentionProblem(layer: layer, queries: queries, scale: 0.35, softcap: softcap)
    // The last of the four queries sees all rows, the first only those before row 27.
    for dropped in [0..<0, 4..<24, 0..<30, 26..<30, 10..<11] {
      let (keys, values) = (cache.keys[0].floats(), cache.values[0].floats())
      let found = try ReferenceAttention.outputs(problem.dropping(dropped), keys: keys, values: values)
      for head in 0..<layer.queryHeads {
        for query in 0..<queries.count {
          let rows = (0...queries.firstPosition + query).filter { !dropped.contains($0) }
          let base = head / layer.groupSize * 30
          let scores = rows.map { row -> Double in
            let dot = (0..<8).reduce(0.0) {
              $0 + Double(queries.elements[(head * queries.count + query) * 8 + $1])
                * Double(keys[(base + row) * 8 + $1])
            }
            return softcap.map { Double($0) * tanh(0.35 * dot / Double($0)) } ?? 0.35 * dot
          }
          let peak = scores.max() ?? 0
          let weights = scores.map { exp($0 - peak) }
          let sum = weights.reduce(0, +)
          for dim in 0..<8 {
            let expected = zip(rows, weights).reduce(0.0) { $0 + $1.1 / sum * Double(values[(base + $1.0) * 8 + dim]) }
            // Values reach 60 in magnitude; probabilities are good to 1e-5 after scores of that size.
            #expect(abs(Double(found[(head * queries.count + query) * 8 + dim]) - expected) < 2e-3)
          }
        }
      }
    }
  }

  @Test func hostileBytes() throws {
    // Any byte is a number here, so only lengths can be wrong.
    try expectHostileBytesAreHandled(StreamingWindow(window: 6), cache)
  }
}
