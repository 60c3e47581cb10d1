import FileIO
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct LoneNumbersTests {
  /// Two heads of 4 over 64 rows: ±1, and what is set.
  private func found(_ set: [(row: Int, feature: Int, value: Float)], step: Float = 20) -> [Int] {
    var samples = (0..<64 * 8).map { Float($0 % 3 == 0 ? 1 : -1) }
    for (row, feature, value) in set { samples[row * 8 + feature] = value }
    return LoneNumbers.blocks(in: samples, headDim: 4, features: 8, blockLength: 16, step: step)
  }

  @Test func whatStandsAloneIsFound() {
    #expect(found([]) == [])
    #expect(found([(row: 40, feature: 5, value: -1000)]) == [2])
    #expect(found([(row: 0, feature: 0, value: 1000), (row: 63, feature: 7, value: 1000)]) == [0, 3])
    // 60 times the others is no more than models have.
    #expect(found([(row: 40, feature: 5, value: 60)]) == [])
    // A step that its coefficients can follow needs no help.
    #expect(found([(row: 40, feature: 5, value: 1000)], step: 10) == [])
    #expect(LoneNumbers.blocks(in: [], headDim: 4, features: 8, blockLength: 16, step: 1) == [])
    #expect(found([(row: 3, feature: 1, value: .nan)]) == [])
  }

  /// Where attention has settled on one token, its key may seem not to matter; it comes back all the same.
  @Test(arguments: [Float(1000), 10_000, -3000]) func aKeyThatAllAttendToIsKept(value: Float) throws {
    var cache = SyntheticCache.make(layers: 2, tokens: 600, probe: 32)
    for layer in 0..<2 {
      let place = 2 * (100 * 16 + 3)
      withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) {
        cache.keys[layer].bytes.replaceSubrange(place..<place + 2, with: $0)
      }
    }
    for (step, basis) in [(0.2, BasisSource.none), (0.2, .embedded), (1, .embedded)] {
      var parameters = SpectralParameters()
      (parameters.rate, parameters.basis) = (.step(step), basis)
      let bytes = try CacheEncoder(.spectral(parameters), writer: "test").encode(cache).bytes
      let restored = try FKVCache(MemorySource(bytes))
      for layer in 0..<2 {
        let key = try restored.tensor(.key, layer: layer).floats()[100 * 16 + 3]
        #expect(abs(key - value) <= 0.02 * abs(value), "step \(step): \(key)")
      }
    }
  }
}
