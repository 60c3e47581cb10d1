import ComputeKernels
import KVCacheModel
import TestSupport
import Testing

@Suite struct StoredElementsTests {
  private static func values(_ count: Int) -> [Float] {
    var generator = RepeatableGenerator(seed: UInt64(count))
    return (0..<count).map { _ in
      Float.random(in: -1...1, using: &generator)
        * Float(sign: .plus, exponent: .random(in: -30...15, using: &generator), significand: 1)
    }
  }

  @Test(arguments: 0...40) func allTypesAgreeWithThePlainConversions(count: Int) {
    let values = Self.values(count)
    let half = ElementCoding.encode(values, as: .float16)
    let brain = ElementCoding.encode(values, as: .bfloat16)
    let single = ElementCoding.encode(values, as: .float32)
    #expect(StoredElements.narrowHalf(values) == half)
    #expect(StoredElements.narrowBFloat(values) == brain)
    #expect(StoredElements.bytes(values) == single)
    #expect(StoredElements.widenHalf(half) == ElementCoding.decode(half, as: .float16))
    #expect(StoredElements.widenBFloat(brain) == ElementCoding.decode(brain, as: .bfloat16))
    #expect(StoredElements.floats(single) == values)
  }

  @Test func finiteNumbersStayFiniteInHalfPrecision() {
    let values: [Float] = [1e9, -1e9, 65520, -65520, .greatestFiniteMagnitude, .infinity, -.infinity, 1]
    let found = StoredElements.widenHalf(StoredElements.narrowHalf(values))
    #expect(found == [65504, -65504, 65504, -65504, 65504, .infinity, -.infinity, 1])
    #expect(StoredElements.widenHalf(StoredElements.narrowHalf([.nan]))[0].isNaN)
  }
}
