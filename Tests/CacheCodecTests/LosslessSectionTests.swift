import Coding
import KVCacheModel
import TestSupport
import Testing

@testable import CacheCodec

@Suite struct LosslessSectionTests {
  @Test(arguments: ElementType.allCases, [0, 1, 2, 3, 7, 64]) func everyBitComesBack(type: ElementType, tokens: Int)
    throws
  {
    for (heads, dims) in [(1, 1), (2, 3), (3, 8)] {
      let layer = SectionCases.layer(tokens: tokens, kvHeads: heads, headDim: dims)
      // All bit patterns may occur, NaNs too.
      var generator = RepeatableGenerator(seed: 4)
      let tensor = CacheTensor(
        kvHeads: heads, tokens: tokens, headDim: dims, elementType: type,
        bytes: (0..<layer.elementCount * type.byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) })
      #expect(try LosslessSection.decode(LosslessSection.encode(tensor), layer: layer, elementType: type) == tensor)
    }
  }

  /// What follows each other is one feature of neighbouring tokens.
  @Test func featuresAreLaidOneAfterTheOther() {
    let tensor = CacheTensor(
      kvHeads: 2, tokens: 2, headDim: 2, elementType: .float16,
      bytes: [0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0])
    let laid = FeatureColumns(tokens: 2, headDim: 2).gatherBytes(
      tensor.bytes, elementSize: 2, features: Array(0..<4), over: 0..<2)
    #expect(laid == [0, 0, 2, 0, 1, 0, 3, 0, 4, 0, 6, 0, 5, 0, 7, 0])
  }

  @Test func otherBytesAreRefused() {
    let layer = SectionCases.layer(tokens: 9)
    let bytes = LosslessSection.encode(SectionCases.tensor(layer))
    for count in 0..<bytes.count {
      #expect(throws: CodingError.self) {
        try LosslessSection.decode(Array(bytes[..<count]), layer: layer, elementType: .float16)
      }
    }
    #expect(throws: CodingError.trailingBytes(offset: bytes.count, count: 1)) {
      try LosslessSection.decode(bytes + [0], layer: layer, elementType: .float16)
    }
    for bit in 0..<8 * bytes.count {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      let decoded = try? LosslessSection.decode(flipped, layer: layer, elementType: .float16)
      #expect(decoded.map { $0.bytes.count == 9 * 6 * 2 } ?? true)
    }
  }
}
