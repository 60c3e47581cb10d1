import TestSupport
import Testing

@testable import Coding

@Suite struct QuantiserTests {
  private func quantise(_ quantiser: Quantiser, _ values: [Float], _ level: SIMDLevel) -> (symbols: [Int16], Int) {
    var symbols = [Int16](repeating: -1, count: values.count)
    let outside = values.withUnsafeBufferPointer { values in
      symbols.withUnsafeMutableBufferPointer { quantiser.quantise(values, into: $0, level) }
    }
    return (symbols, outside)
  }

  private func dequantise(_ quantiser: Quantiser, _ symbols: [Int16], _ level: SIMDLevel) -> [Float] {
    var values = [Float](repeating: -1, count: symbols.count)
    symbols.withUnsafeBufferPointer { symbols in
      values.withUnsafeMutableBufferPointer { quantiser.dequantise(symbols, into: $0, level) }
    }
    return values
  }

  @Test(arguments: SIMDLevel.available) func tiesGoToEven(level: SIMDLevel) {
    let values: [Float] = [0, -0, 0.25, 0.75, 1.25, -0.25, -0.75, 0.2, -0.3, 1]
    let (symbols, outside) = quantise(Quantiser(step: 0.5), values, level)
    #expect(symbols == [0, 0, 0, 2, 2, 0, -2, 0, -1, 2])
    #expect(outside == 0)
  }

  @Test(arguments: SIMDLevel.available) func valuesBeyondAreHeldAndCounted(level: SIMDLevel) {
    let values: [Float] = [
      32767, 32767.4, 32768, 1e30, .infinity, -32768, -32768.4, -32769, -1e30, -.infinity, .nan, 3,
    ]
    let (symbols, outside) = quantise(Quantiser(step: 1), values, level)
    #expect(symbols == [32767, 32767, 32767, 32767, 32767, -32768, -32768, -32768, -32768, -32768, 0, 3])
    #expect(outside == 7)
  }

  @Test func everyLevelAgrees() {
    var generator = RepeatableGenerator(seed: 8)
    for count in Array(0...70) + [1000] {
      let values = (0..<count).map { _ in
        generator.normal() * Float([0.01, 1, 100, 1e5].randomElement(using: &generator)!)
      }
      for deadZone: Float in [0, 0.1] {
        let quantiser = Quantiser(step: 0.137, bias: 0.11, deadZone: deadZone)
        let expected = quantise(quantiser, values, .reference)
        let restored = dequantise(quantiser, expected.symbols, .reference)
        for level in SIMDLevel.available {
          let found = quantise(quantiser, values, level)
          #expect(found.symbols == expected.symbols && found.1 == expected.1)
          #expect(dequantise(quantiser, expected.symbols, level).map(\.bitPattern) == restored.map(\.bitPattern))
        }
      }
    }
  }

  @Test(arguments: SIMDLevel.available) func dequantisingMovesTowardZero(level: SIMDLevel) {
    let restored = dequantise(Quantiser(step: 2, bias: 0.25), [0, 1, -1, 32767, -32768], level)
    #expect(restored == [0, 1.5, -1.5, 65533.5, -65535.5])
  }

  @Test(arguments: SIMDLevel.available) func deadZoneMovesCellsOutward(level: SIMDLevel) {
    let quantiser = Quantiser(step: 1, bias: -0.125, deadZone: 0.125)
    let (symbols, _) = quantise(quantiser, [0.5, -0.5, 0.6, 0.63, -0.63, 1.6, 1.63, 0, -0], level)
    #expect(symbols == [0, 0, 0, 1, -1, 1, 2, 0, 0])
    #expect(dequantise(quantiser, [0, 1, -2], level) == [0, 1.125, -2.125])
  }
}
