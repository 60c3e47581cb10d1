import CLlama
import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// fkv's reading of quantised cells checked against ggml's own.
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
        for high in [1, 3] where high == 1 || type == .q41 || type == .q51 { block[high] = block[high] & 0xBF | 0x10 }
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
        let slack = type == .q41 || type == .q51 ? max(abs(x), abs(y)).ulp + 0x1p-20 : 0
        #expect(x == y || (x.isNaN && y.isNaN) || abs(x - y) <= slack, "\(block)")
      }
    }
  }

  /// ggml's reference quantiser and ours give the same bytes.
  @Test(arguments: LlamaCellType.allCases.filter(\.canEncode)) func encodesAsGGMLDoes(_ type: LlamaCellType) throws {
    let traits = try #require(ggml_get_type_traits(ggml_type(rawValue: UInt32(type.rawValue)))).pointee
    guard let fromFloat = traits.from_float_ref else {
      #expect(type == .f32)
      return
    }
    var generator = RepeatableGenerator(seed: UInt64(type.rawValue))
    for round in 0..<300 {
      let scale = Float.random(in: 0.01...100, using: &generator)
      // Noise, nothing, one number, and numbers of one size, which are the quantisers' corners.
      let numbers: [Float] = (0..<32).map { index in
        switch round % 6 {
        case 0: index == round % 32 ? scale : 0
        case 1: (index + round) % 2 == 0 ? scale : -scale
        case 2 where round < 6: 0
        default: generator.normal() * scale
        }
      }
      var (own, theirs) = (LittleEndianBytes(), [UInt8](repeating: 0, count: 128))
      numbers.withUnsafeBufferPointer { numbers in
        type.encode(numbers, into: &own)
        theirs.withUnsafeMutableBytes { fromFloat(numbers.baseAddress, $0.baseAddress, 32) }
      }
      #expect(own.bytes == Array(theirs[..<own.bytes.count]), "\(round): \(numbers)")
    }
  }
}
