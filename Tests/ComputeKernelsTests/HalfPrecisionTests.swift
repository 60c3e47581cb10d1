import ComputeKernels
import TestSupport
import Testing

@Suite struct HalfPrecisionTests {
  @Test func everyPatternWidensAsTheReferenceDoes() {
    let patterns = (0...UInt16.max).map { $0 }
    let widened = HalfPrecision.widen(patterns)
    let wrong = patterns.filter { pattern in
      let (found, expected) = (widened[Int(pattern)], HalfPrecision.Reference.widen(pattern))
      // A signalling NaN may or may not become a quiet one on the way.
      return expected.isNaN ? !found.isNaN || found.sign != expected.sign : found.bitPattern != expected.bitPattern
    }
    #expect(wrong == [])
  }

  @Test func everyPatternComesBack() {
    let patterns = (0...UInt16.max).map { $0 }
    let back = HalfPrecision.narrow(HalfPrecision.widen(patterns))
    let wrong = patterns.filter { pattern in
      // All but signalling NaNs, which may have become quiet.
      Float16(bitPattern: pattern).isNaN
        ? back[Int(pattern)] | 0x200 != pattern | 0x200 : back[Int(pattern)] != pattern
    }
    #expect(wrong == [])
  }

  /// Every number halfway between two neighbours of binary16, and the two next to it: where rounding is decided.
  @Test func narrowingRoundsToNearestEven() {
    var values: [Float] = []
    for pattern in UInt16(0)..<0x7C00 {
      let low = HalfPrecision.Reference.widen(pattern)
      let high = pattern == 0x7BFF ? 65536 : HalfPrecision.Reference.widen(pattern + 1)
      let tie = (low + high) / 2
      values += [tie.nextDown, tie, tie.nextUp, -tie.nextDown, -tie, -tie.nextUp]
    }
    let narrowed = HalfPrecision.narrow(values)
    let wrong = values.indices.filter { narrowed[$0] != HalfPrecision.Reference.narrow(values[$0]) }
    #expect(wrong.map { values[$0] } == [])
  }

  @Test func extremesNarrow() {
    #expect(
      HalfPrecision.narrow([65504, 65519.996, 65520, .infinity, -.infinity, 1e30, -1e30, .leastNonzeroMagnitude, -0.0])
        == [0x7BFF, 0x7BFF, 0x7C00, 0x7C00, 0xFC00, 0x7C00, 0xFC00, 0, 0x8000])
    #expect(HalfPrecision.narrow([Float.nan]).allSatisfy { Float16(bitPattern: $0).isNaN })
  }

  /// The vector part and the rest must agree, whatever the length, and whatever lies after it must stay as it was.
  @Test(arguments: 0...70) func everyLengthIsConvertedAndNoMore(count: Int) {
    var generator = RepeatableGenerator(seed: UInt64(count))
    let patterns = (0..<count).map { _ in UInt16.random(in: 0..<0x7C00, using: &generator) }
    var floats = [Float](repeating: -7, count: count + 9)
    patterns.withUnsafeBufferPointer { source in
      floats.withUnsafeMutableBufferPointer {
        HalfPrecision.widen(source, into: UnsafeMutableBufferPointer(rebasing: $0[..<count]))
      }
    }
    #expect(floats == patterns.map(HalfPrecision.Reference.widen) + Array(repeating: -7, count: 9))
    var halves = [UInt16](repeating: 0xABCD, count: count + 9)
    floats[..<count].withUnsafeBufferPointer { source in
      halves.withUnsafeMutableBufferPointer {
        HalfPrecision.narrow(source, into: UnsafeMutableBufferPointer(rebasing: $0[..<count]))
      }
    }
    #expect(halves == patterns + Array(repeating: 0xABCD, count: 9))
  }

  /// Every bfloat16, the tie above it and the numbers next to the tie.
  @Test func bfloat16RoundsToNearestEven() {
    var wrong: [UInt32] = []
    for high in UInt32(0)..<0x7F80 {
      let below = high << 16
      let up = UInt16(high + 1)
      let expected: [(UInt32, UInt16)] = [
        (below, UInt16(high)), (below | 0x7FFF, UInt16(high)), (below | 0x8000, high % 2 == 0 ? UInt16(high) : up),
        (below | 0x8001, up), (below | 0xFFFF, up),
      ]
      for (bits, pattern) in expected {
        if HalfPrecision.bfloat16(Float(bitPattern: bits)) != pattern { wrong.append(bits) }
        if HalfPrecision.bfloat16(Float(bitPattern: bits | 1 << 31)) != pattern | 0x8000 {
          wrong.append(bits | 1 << 31)
        }
      }
    }
    #expect(wrong == [])
    #expect(HalfPrecision.bfloat16(.infinity) == 0x7F80)
    for bits: UInt32 in [0x7FC0_0000, 0x7F80_0001, 0xFFFF_FFFF] {
      let found = HalfPrecision.bfloat16(Float(bitPattern: bits))
      #expect(found & 0x7FFF > 0x7F80)
    }
  }
}
