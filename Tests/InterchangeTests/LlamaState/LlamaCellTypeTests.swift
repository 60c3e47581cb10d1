import KVCacheModel
import TestSupport
import Testing

@testable import Interchange

/// Blocks put together by hand from what ggml-quants.c says; `LlamaCellTypeReferenceTests` holds them to ggml itself.
struct LlamaCellTypeTests {
  private func decoded(_ type: LlamaCellType, _ bytes: [UInt8]) -> [Float] {
    var numbers = [Float](repeating: .nan, count: type.elements(inBytes: bytes.count)!)
    bytes.withUnsafeBytes { source in numbers.withUnsafeMutableBufferPointer { type.decode(source, into: $0) } }
    return numbers
  }

  private let two: [UInt8] = [0x00, 0x40]
  private let one: [UInt8] = [0x00, 0x3C]

  @Test func plainTypes() {
    #expect(decoded(.f32, [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]) == [1, -2])
    #expect(decoded(.f16, [0x00, 0x3C, 0x00, 0xC0, 0x01, 0x00]) == [1, -2, 0x1p-24])
    #expect(decoded(.bf16, [0x80, 0x3F, 0x00, 0xC0]) == [1, -2])
  }

  @Test func eightBits() {
    let codes = (0..<32).map { UInt8(bitPattern: Int8($0 * 8 - 128)) }
    let numbers: [Float] = (0..<32).map { Float($0) * 16 - 256 }
    #expect(decoded(.q80, two + codes) == numbers)
  }

  @Test func fourBits() {
    // Byte j has code j in its low half and 15 − j in its high half.
    let codes = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
    let low: [Float] = (0..<16).map { Float($0) }
    let both: [Float] = low + low.reversed()
    let (signed, unsigned): ([Float], [Float]) = (both.map { ($0 - 8) * 2 }, both.map { $0 * 2 + 1 })
    #expect(decoded(.q40, two + codes) == signed)
    #expect(decoded(.q41, two + one + codes) == unsigned)
    let table: [Float] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
    let tabled: [Float] = (table + table.reversed()).map { $0 * 2 }
    #expect(decoded(.iq4NL, two + codes) == tabled)
  }

  @Test func fiveBits() {
    let codes = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
    // The fifth bit is set for elements 1, 16 and 31.
    let fifth: [UInt8] = [0b10, 0, 1, 0x80]
    let numbers: [Float] = (0..<32).map { index in
      let code = index < 16 ? index : 31 - index
      return Float([1, 16, 31].contains(index) ? code + 16 : code)
    }
    let (signed, unsigned): ([Float], [Float]) = (numbers.map { ($0 - 16) * 2 }, numbers.map { $0 * 2 + 1 })
    #expect(decoded(.q50, two + fifth + codes) == signed)
    #expect(decoded(.q51, two + one + fifth + codes) == unsigned)
  }

  @Test func blocksMustBeWhole() {
    for type in LlamaCellType.allCases {
      #expect(type.elements(inBytes: 3 * type.blockBytes) == 3 * type.blockElements)
      #expect(type.elements(inBytes: 3 * type.blockBytes - 1) == nil)
      #expect(type.isQuantised == (type.blockElements == 32))
    }
    for type in ElementType.allCases { #expect(LlamaCellType(type).elementType == type) }
  }

  /// H·H = 1, and the matrix is Sylvester's: element (i, j) is (−1)^popcount(i & j) / √n.
  @Test(arguments: [1, 2, 4, 64]) func theRotation(_ size: Int) {
    for index in 0..<min(size, 8) {
      var unit = [Float](repeating: 0, count: 2 * size)
      unit[size + index] = 1
      var turned = unit
      turned.withUnsafeMutableBufferPointer { LlamaCellRotation.apply($0, size: size) }
      let factor = 1 / Float(size).squareRoot()
      let row: [Float] = (0..<size).map { ($0 & index).nonzeroBitCount % 2 == 0 ? factor : -factor }
      #expect(turned == [Float](repeating: 0, count: size) + row)
      turned.withUnsafeMutableBufferPointer { LlamaCellRotation.apply($0, size: size) }
      // Sums of n equal numbers, scaled twice: off by a few last bits at most.
      for (x, y) in zip(turned, unit) { #expect(abs(x - y) <= 0x1p-20) }
    }
  }

  @Test func theStandardRotation() {
    #expect(LlamaCellRotation.standard(headDim: 64) == LlamaCellRotation(key: 64, value: 64))
    #expect(LlamaCellRotation.standard(headDim: 192) == LlamaCellRotation(key: 64, value: 64))
    #expect(LlamaCellRotation.standard(headDim: 256) == LlamaCellRotation(key: 256, value: 64))
    #expect(LlamaCellRotation.standard(headDim: 80) == .none)
  }

  /// What a block was decoded to is encoded to the same block: reading and writing cells changes nothing.
  @Test(arguments: LlamaCellType.allCases.filter(\.canEncode)) func blocksComeBack(_ type: LlamaCellType) {
    var generator = RepeatableGenerator(seed: 5)
    for _ in 0..<200 {
      var first = LittleEndianBytes()
      let numbers = (0..<64).map { _ in generator.normal() }
      numbers.withUnsafeBufferPointer { type.encode($0, into: &first) }
      var second = LittleEndianBytes()
      decoded(type, first.bytes).withUnsafeBufferPointer { type.encode($0, into: &second) }
      #expect(first.bytes == second.bytes)
    }
  }

  @Test func halves() {
    for pattern in UInt16.min...UInt16.max where pattern & 0x7C00 != 0x7C00 || pattern & 0x3FF == 0 {
      let value = Float(halfBits: pattern)
      #expect(UInt16(halfOf: value) == pattern)
      // Halfway to the next larger number goes to the even one; a little less stays, a little more goes on.
      guard pattern & 0x7FFF < 0x7BFF else { continue }
      let middle = value + (Float(halfBits: pattern + 1) - value) / 2
      let even = pattern & 1 == 0 ? pattern : pattern + 1
      let towardsZero = value < 0 || pattern >> 15 == 1 ? middle.nextUp : middle.nextDown
      let away = value < 0 || pattern >> 15 == 1 ? middle.nextDown : middle.nextUp
      guard UInt16(halfOf: middle) == even, UInt16(halfOf: towardsZero) == pattern, UInt16(halfOf: away) == pattern + 1
      else {
        Issue.record("near \(value)")
        return
      }
    }
    #expect(UInt16(halfOf: 65519.996) == 0x7BFF && UInt16(halfOf: 65520) == 0x7C00)
    #expect(UInt16(halfOf: -.infinity) == 0xFC00 && UInt16(halfOf: .nan) & 0x7C00 == 0x7C00)
    #expect(
      UInt16(halfOf: .leastNonzeroMagnitude) == 0 && UInt16(halfOf: 0x1p-25) == 0 && UInt16(halfOf: 0x1.8p-25) == 1)
    #expect(UInt16(bfloatOf: 1) == 0x3F80 && UInt16(bfloatOf: .nan) & 0x7F == 0x40)
    #expect(UInt16(bfloatOf: Float(bitPattern: 0x3F80_8000)) == 0x3F80)
    #expect(UInt16(bfloatOf: Float(bitPattern: 0x3F81_8000)) == 0x3F82)
  }

  @Test func numbersThatAreNotFinite() {
    for type in LlamaCellType.allCases where type.canEncode && type.isQuantised {
      for value: Float in [.nan, .infinity, -.infinity] {
        var bytes = LittleEndianBytes()
        var numbers = [Float](repeating: 1, count: 32)
        numbers[7] = value
        numbers.withUnsafeBufferPointer { type.encode($0, into: &bytes) }
        #expect(bytes.bytes.count == type.blockBytes)
      }
    }
  }
}
