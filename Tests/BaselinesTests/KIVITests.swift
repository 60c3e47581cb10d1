import CacheCodec
import KVCacheModel
import TestSupport
import Testing

@testable import Baselines

struct KIVITests {
  let cache = SyntheticCache.make(layers: 2, tokens: 43, headDim: 16)
  let method = KIVI(bits: 3, group: 8, residual: 10)

  @Test func quantisedTokensLeaveTheWindow() {
    #expect(method.quantisedTokens(of: 43) == 32)
    #expect(method.quantisedTokens(of: 17) == 0)
    #expect(method.quantisedTokens(of: 18) == 8)
    #expect(KIVI(bits: 2).quantisedTokens(of: 4096) == 3968)
  }

  @Test(arguments: CacheKind.allCases) func numbersAreThoseOfAPlainLoop(_ kind: CacheKind) throws {
    let (_, restored) = try roundTrip(method, cache)
    for layer in 0..<2 {
      let (x, y) = (cache.tensor(kind, layer: layer).floats(), restored.cache.tensor(kind, layer: layer).floats())
      func index(_ head: Int, _ token: Int, _ dim: Int) -> Int { (head * 43 + token) * 16 + dim }
      for head in 0..<2 {
        for token in 0..<43 {
          for dim in 0..<16 {
            let i = index(head, token, dim)
            guard token < 32 else {
              #expect(y[i] == x[i])
              continue
            }
            let group = (0..<8).map {
              kind == .key ? x[index(head, token / 8 * 8 + $0, dim)] : x[index(head, token, dim / 8 * 8 + $0)]
            }
            let zero = Float(Float16(group.min()!))
            let scale = Float(Float16((group.max()! - zero) / 7))
            let q = min(max(((x[i] - zero) / scale).rounded(), 0), 7)
            #expect(y[i] == Float(Float16(zero + scale * q)))
          }
        }
      }
    }
  }

  @Test func bytesAreCodesScalesZerosAndWindow() throws {
    let (bytes, _) = try roundTrip(method, cache)
    let quantised = 2 * 2 * 2 * 32 * 16
    let window = 2 * 2 * 2 * 11 * 16
    #expect(bytes.count == quantised * 3 / 8 + quantised / 8 * 4 + window * 2 + framing(cache))
  }

  @Test func errorFallsWithBits() throws {
    for kind in CacheKind.allCases {
      let errors = try [2, 3, 4, 8].map {
        error(kind, of: try roundTrip(KIVI(bits: $0, group: 8, residual: 0), cache).restored.cache, against: cache)
      }
      #expect(zip(errors, errors.dropFirst()).allSatisfy { $0 > 1.5 * $1 })
    }
  }

  @Test func aHeadThatGroupsDoNotFillEndsInAShorterGroup() throws {
    let odd = SyntheticCache.make(layers: 1, tokens: 8, headDim: 12)
    let (bytes, _) = try roundTrip(KIVI(bits: 8, group: 8, residual: 0), odd)
    // Keys: 2·12 groups of 8. Values: 2·8·2 groups.
    #expect(bytes.count == 2 * 192 + 24 * 4 + 32 * 4 + framing(odd))
  }

  @Test func hostileBytes() throws {
    try expectHostileBytesAreHandled(method, SyntheticCache.make(layers: 1, tokens: 20, headDim: 8))
  }

  @Test func packingIsExactForEveryWidth() {
    var generator = RepeatableGenerator(seed: 3)
    for bits in 1...8 {
      for count in 0..<20 {
        let numbers = (0..<count).map { _ in UInt8.random(in: 0...UInt8(1 << bits - 1), using: &generator) }
        let packed = BitPacking.pack(numbers, bits: bits)
        #expect(packed.count == BitPacking.byteCount(count, bits: bits))
        #expect(BitPacking.unpack(packed[...], count: count, bits: bits) == numbers)
      }
    }
    #expect(BitPacking.pack([1, 2, 3], bits: 4) == [0x21, 0x03])
  }
}
