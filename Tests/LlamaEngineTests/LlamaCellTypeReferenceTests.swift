import CLlama
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// fkv's reading of quantised cells held against ggml's own.
struct LlamaCellTypeReferenceTests {
  @Test(arguments: LlamaCellType.allCases) func decodesAsGGMLDoes(_ type: LlamaCellType) throws {
    let traits = try #require(ggml_get_type_traits(ggml_type(rawValue: UInt32(type.rawValue)))).pointee
    #expect(Int(traits.blck_size) == type.blockElements && traits.type_size == type.blockBytes)
    #expect(String(cString: traits.type_name) == type.name && traits.is_quantized == type.isQuantised)
    guard let toFloat = traits.to_float else {
      #expect(type == .f32)
      return
    }
    var generator = RepeatableGenerator(seed: UInt64(type.rawValue))
    for _ in 0..<200 {
      var block = (0..<type.blockBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
      // A scale, and a least value where there is one, of exponent −8 … 7, so that no sum is infinite.
      if type.isQuantised {
        for high in [1, 3] where high == 1 || type == .q4_1 || type == .q5_1 { block[high] = block[high] & 0xBF | 0x10 }
      }
      var (own, theirs) = ([Float](repeating: 0, count: 32), [Float](repeating: 0, count: 32))
      block.withUnsafeBytes { bytes in
        own.withUnsafeMutableBufferPointer { own in
          type.decode(bytes, into: UnsafeMutableBufferPointer(rebasing: own[..<type.blockElements]))
        }
        theirs.withUnsafeMutableBufferPointer { toFloat(bytes.baseAddress, $0.baseAddress, Int64(type.blockElements)) }
      }
      for (x, y) in zip(own, theirs) {
        // d·c + m may be computed in one rounding or two; everything else is exact.
        let slack = type == .q4_1 || type == .q5_1 ? max(abs(x), abs(y)).ulp + 0x1p-20 : 0
        #expect(x == y || (x.isNaN && y.isNaN) || abs(x - y) <= slack, "\(block)")
      }
    }
  }
}
