import CacheCodec
import KVCacheModel
import TestSupport
import Testing

@testable import Baselines

struct CacheGenTests {
  // 300 tokens: a whole chunk and a part of one.
  let cache = SyntheticCache.make(layers: 2, kvHeads: 1, tokens: 300, headDim: 4)

  /// A number is within half a step of its token's largest magnitude over M; binary16 moves both by 2⁻¹¹.
  @Test func tableErrorsStayWithinTheStep() throws {
    let (_, restored) = try roundTrip(CacheGenTables(), cache)
    for layer in 0..<2 {
      let (x, y) = (cache.keys[layer].floats(), restored.cache.keys[layer].floats())
      for token in 0..<300 {
        let peak = x[token * 4..<token * 4 + 4].map(abs).max()!
        for i in token * 4..<token * 4 + 4 { #expect(abs(x[i] - y[i]) <= peak * (0.5 / 15 + 1.0 / 512)) }
      }
    }
  }

  @Test func publishedBinsFollowTheLayers() throws {
    // 12 layers of one token: 10 peaks bytes aside, tables of 30 or 14 numbers a channel tell the bins.
    let deep = SyntheticCache.make(layers: 12, kvHeads: 1, groupSize: 1, tokens: 1, headDim: 2, probe: 1)
    let sizes = try (0..<12).map { layer in
      try CacheKind.allCases.map { kind -> Int in
        let place = TensorPlace(kind, layer: layer, of: deep.description)
        let bytes = try CacheGenTables().encode(deep.tensor(kind, layer: layer), at: place)
        return bytes.count > 100 ? 32 : 16
      }
    }
    #expect(sizes.map { $0[0] } == Array(repeating: 32, count: 10) + [16, 16])
    #expect(sizes.map { $0[1] } == [32, 32] + Array(repeating: 16, count: 10))
  }

  @Test func deltaErrorsStayWithinTheBin() throws {
    let scale = 0.5
    let (_, restored) = try roundTrip(CacheGenDeltas(scale: scale), cache)
    for layer in 0..<2 {
      let (x, y) = (cache.values[layer].floats(), restored.cache.values[layer].floats())
      let bin = Float(scale) * [0.5, 1][layer]
      for channel in 0..<4 {
        // Differences to anchors as decoded: their deviation is bounded by twice the channel's largest one.
        let column = (0..<300).map { x[$0 * 4 + channel] }
        let differences = (0..<300).filter { $0 % 10 != 0 }.map { column[$0] - y[$0 / 10 * 40 + channel] }
        let energy = differences.reduce(Float(0)) { $0 + $1 * $1 } / Float(differences.count)
        let bound = energy.squareRoot() * bin * 0.5 * 1.01 + column.map(abs).max()! / 512
        for token in 0..<300 where token % 10 != 0 {
          #expect(abs(x[token * 4 + channel] - y[token * 4 + channel]) <= bound)
        }
      }
    }
  }

  @Test func finerBinsCostMoreAndLoseLess() throws {
    for kind in CacheKind.allCases {
      let tables = try [0.5, 1.0, 2].map { try roundTrip(CacheGenTables(scale: $0), cache) }
      let deltas = try [1, 0.5, 0.25].map { try roundTrip(CacheGenDeltas(scale: $0), cache) }
      for runs in [tables, deltas] {
        let errors = runs.map { error(kind, of: $0.restored.cache, against: cache) }
        #expect(errors[0] > errors[1] && errors[1] > errors[2])
        #expect(runs[0].bytes.count < runs[1].bytes.count && runs[1].bytes.count < runs[2].bytes.count)
      }
    }
  }

  @Test func hostileBytes() throws {
    let small = SyntheticCache.make(layers: 1, kvHeads: 1, tokens: 12, headDim: 4)
    try expectHostileBytesAreHandled(CacheGenTables(), small)
    let bytes = try CacheGenDeltas().encode(small)
    for count in 0..<bytes.count {
      #expect(throws: BaselineError.self) {
        try CacheGenDeltas().decode(Array(bytes[..<count]), description: small.description)
      }
    }
  }
}
