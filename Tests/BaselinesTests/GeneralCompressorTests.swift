import CacheCodec
import Coding
import KVCacheModel
import TestSupport
import Testing

@testable import Baselines

struct GeneralCompressorTests {
  static let kinds: [GeneralCompressor.Kind] = [.lz4(level: 0), .lz4(level: 9), .zstd(level: 3), .zstd(level: 19)]

  @Test(arguments: kinds) func cachesComeBackBitForBit(_ kind: GeneralCompressor.Kind) throws {
    let cache = SyntheticCache.make(layers: 2, tokens: 9, headDim: 8, valueType: .float32)
    let (_, restored) = try roundTrip(GeneralCompressor(kind), cache)
    #expect(restored.cache.keys == cache.keys && restored.cache.values == cache.values)
    #expect(restored.droppedRows == [0..<0, 0..<0])
  }

  @Test(arguments: kinds) func hostileBytes(_ kind: GeneralCompressor.Kind) throws {
    try expectHostileBytesAreHandled(GeneralCompressor(kind), SyntheticCache.make(layers: 1, tokens: 3, headDim: 4))
  }

  @Test func blocksOfAnyLength() {
    for count in [0, 1, 2, 100, 70_000] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 3) }
      for level in [0, 9] {
        let block = LZ4Block.encode(bytes, level: level)
        #expect(LZ4Block.decode(block, count: count) == bytes)
        #expect(LZ4Block.decode(block, count: count + 1) == nil)
      }
    }
    #expect(LZ4Block.decode([], count: 1) == nil)
  }

  @Test func deflateStreams() throws {
    for count in [0, 1, 5000] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 7) }
      let stream = try Deflate.encode(bytes)
      #expect(try Deflate.decode(stream, count: count, place: "x") == bytes)
      #expect(throws: BaselineError.self) { try Deflate.decode(stream, count: count + 1, place: "x") }
    }
    #expect(throws: BaselineError.badValue(place: "x", field: "byte count", declared: 5000)) {
      try Deflate.decode([1, 2, 3], count: 5000, place: "x")
    }
  }
}
