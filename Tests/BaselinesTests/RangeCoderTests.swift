import Foundation
import TestSupport
import Testing

@testable import Baselines

struct RangeCoderTests {
  /// Symbols of a steep and of a flat distribution, enough to make carries.
  private func symbols(_ count: Int, alphabet: Int, seed: UInt64) -> [Int] {
    var generator = RepeatableGenerator(seed: seed)
    return (0..<count).map { _ in
      min(Int.random(in: 0..<alphabet, using: &generator), Int.random(in: 0..<alphabet, using: &generator))
    }
  }

  @Test(arguments: [1, 2, 5, 31, 255]) func staticTablesRoundTripNearTheEntropy(_ alphabet: Int) throws {
    let symbols = symbols(5000, alphabet: alphabet, seed: UInt64(alphabet))
    var counts = [Int](repeating: 0, count: alphabet)
    for symbol in symbols { counts[symbol] += 1 }
    let table = FrequencyTable(counts: counts)
    var encoder = RangeEncoder()
    for symbol in symbols { table.encode(symbol, to: &encoder) }
    let bytes = encoder.finish()
    var writer = BaselineWriter()
    table.write(to: &writer)
    #expect(writer.bytes.count == 2 * (alphabet - 1))
    var reader = BaselineReader(writer.bytes, place: "table")
    let stored = try FrequencyTable(symbols: alphabet, from: &reader)
    var decoder = RangeDecoder(bytes)
    #expect(symbols.allSatisfy { stored.decode(from: &decoder) == $0 })
    #expect(!decoder.isOverrun)
    let entropy = counts.reduce(0.0) { $0 - ($1 == 0 ? 0 : Double($1) * log2(Double($1) / 5000)) }
    // The coder loses at most 2⁻⁸ bit a symbol, the table's 16 bits less than 1 %, the end 5 bytes.
    #expect(Double(8 * bytes.count) < entropy * 1.01 + 5000.0 / 256 + 48)
  }

  @Test func longRunsOfTheLikeliestSymbolCarry() {
    // A symbol of 65535/65536 at the upper end drives `low` through runs of 0xFF.
    let table = FrequencyTable(counts: [1, 1_000_000])
    var generator = RepeatableGenerator(seed: 5)
    let symbols = (0..<100_000).map { _ in Int.random(in: 0..<20_000, using: &generator) == 0 ? 0 : 1 }
    var encoder = RangeEncoder()
    for symbol in symbols { table.encode(symbol, to: &encoder) }
    let bytes = encoder.finish()
    #expect(bytes.count < 40)
    var decoder = RangeDecoder(bytes)
    #expect(symbols.allSatisfy { table.decode(from: &decoder) == $0 })
  }

  @Test func adaptiveModelsRoundTripAndLearn() {
    let symbols = symbols(6000, alphabet: 9, seed: 2)
    var (models, encoder) = (AdaptiveModels(channels: 3, alphabet: 9), RangeEncoder())
    for (i, symbol) in symbols.enumerated() { models.encode(i % 3 == 0 ? 4 : symbol, channel: i % 3, to: &encoder) }
    let bytes = encoder.finish()
    var decoder = RangeDecoder(bytes)
    var mirror = AdaptiveModels(channels: 3, alphabet: 9)
    for (i, symbol) in symbols.enumerated() {
      #expect(mirror.decode(channel: i % 3, from: &decoder) == (i % 3 == 0 ? 4 : symbol))
    }
    // Channel 0 is constant and costs next to nothing; the others less than log₂ 9 bits.
    #expect(Double(8 * bytes.count) < 4000 * log2(9.0))
  }

  @Test func tablesThatDoNotRiseAreRefused() {
    var reader = BaselineReader([5, 0, 5, 0], place: "table")
    #expect(throws: BaselineError.badValue(place: "table", field: "cumulative frequency", declared: 5)) {
      try FrequencyTable(symbols: 3, from: &reader)
    }
  }
}
