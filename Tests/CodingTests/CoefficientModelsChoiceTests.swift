import TestSupport
import Testing

@testable import Coding

@Suite struct CoefficientModelsChoiceTests {
  /// What a row costs under an index, by the definition; nil for the indices that are not tried.
  private func cost(_ values: [Int16], _ index: Int, _ family: CoefficientModels.Family) -> UInt64? {
    let sum = values.reduce(0) { $0 + abs(Int($1)) }
    guard index > 0 else { return sum == 0 ? 0 : nil }
    let (table, shift) = CoefficientModels.choice(UInt8(index))
    if shift > 0 {
      let mean = sum / values.count
      guard mean > 1 else { return nil }
      let last = Int.bitWidth - 1 - mean.leadingZeroBitCount
      guard (max(1, last - 1)...last).contains(shift) else { return nil }
    }
    let tables = RansTables.of(family)
    let escape = tables.frequencies[table].count - 1
    return values.reduce(UInt64(1024 * shift * values.count)) { sum, value in
      let magnitude = abs(CoefficientModels.high(Int(value), shift))
      guard magnitude >= 16 else { return sum + UInt64(tables.costs[16 * table + magnitude]) }
      return sum + UInt64(tables.escapeCosts[table]) + 1024 * UInt64(Escape.bits(magnitude - escape))
    }
  }

  private func sideCost(_ distance: Int) -> UInt64 {
    let side = CoefficientModels.sideCosts
    return distance == 0
      ? UInt64(side.same) : min(UInt64(side.other) + UInt64(distance) * UInt64(side.step), UInt64(side.far))
  }

  /// The cost of the cheapest indices, trying every pair of neighbours.
  private func cheapest(_ values: [Int16], _ rows: Int, _ period: Int, _ family: CoefficientModels.Family) -> UInt64 {
    let length = values.count / rows
    return (0..<min(period, rows)).reduce(0) { total, chain in
      var before: [UInt64?] = []
      for row in stride(from: chain, to: rows, by: period) {
        let costs = (0...62).map { cost(Array(values[row * length..<(row + 1) * length]), $0, family) }
        guard row > chain else {
          before = costs
          continue
        }
        before = costs.enumerated().map { index, cost in
          guard let cost else { return nil }
          return cost + before.enumerated().compactMap { from, way in way.map { $0 + sideCost(abs(from - index)) } }
            .min()!
        }
      }
      return total + before.compactMap(\.self).min()!
    }
  }

  /// The cost of the indices chosen, by the definition.
  private func cost(_ values: [Int16], _ rows: Int, _ period: Int, _ models: CoefficientModels) -> UInt64 {
    let length = values.count / rows
    return (0..<rows).reduce(0) { total, row in
      let index = Int(models.indices[row])
      let side = row < period ? 0 : sideCost(abs(index - Int(models.indices[row - period])))
      return total + cost(Array(values[row * length..<(row + 1) * length]), index, models.family)! + side
    }
  }

  @Test func choiceIsTheCheapest() {
    for seed in 0..<12 {
      let rows = 20 + seed
      let values = mixedRows(rows, 30 + 9 * seed, seed: UInt64(seed))
      for period in [1, 3, rows, 65535] {
        for family in CoefficientModels.Family.allCases {
          let choice = values.withUnsafeBufferPointer {
            CoefficientModels.choose($0, rows: rows, rowLength: 30 + 9 * seed, period: period, [family])
          }
          #expect(choice.cost == cheapest(values, rows, period, family))
          #expect(choice.cost == cost(values, rows, period, choice.models))
        }
      }
    }
  }

  @Test func cheaperFamilyWins() {
    let values = mixedRows(40, 64, seed: 1)
    values.withUnsafeBufferPointer { values in
      let choices = CoefficientModels.Family.allCases.map {
        CoefficientModels.choose(values, rows: 40, rowLength: 64, period: 4, [$0])
      }
      let both = CoefficientModels.choose(values, rows: 40, rowLength: 64, period: 4, CoefficientModels.Family.allCases)
      #expect(both.cost == choices.map(\.cost).min())
      #expect(choices.contains { $0.models == both.models })
    }
  }

  @Test func rowsThatNeedEscapes() {
    let values: [Int16] = [0, 0, 1, -1, 2, 0, 0, -16, 15, 0, 40, 31]
    let models = CoefficientModels(family: .laplace, indices: [0, 1, 1, 26, 25, 27])
    values.withUnsafeBufferPointer { #expect(models.escapingRows($0, rowLength: 2) == [2, 3, 4, 5]) }
  }
}
