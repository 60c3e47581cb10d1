import Foundation
import TestSupport
import Testing

@testable import Coding

extension Float {
  /// The natural logarithm.
  var logarithm: Float { Float(log(Double(self))) }
}

@Suite struct CoefficientTablesTests {
  @Test(arguments: CoefficientModels.Family.allCases) func everyTableFillsTheRange(family: CoefficientModels.Family) {
    let tables = CoefficientModels.frequencies(family)
    #expect(tables.count == 26)
    for table in tables {
      #expect([3, 5, 9, 16].contains(table.count))
      #expect(table.allSatisfy { $0 > 0 })
      let signed = table.dropFirst().dropLast().reduce(0) { $0 + Int($1) }
      #expect(Int(table[0]) + 2 * signed + Int(table.last!) == 32768)
    }
  }

  /// The Laplace tables are the quantiser cells of exp(-|x|/s): with t = exp(-1/s) and z = exp(-1/2s), a sign of
  /// magnitude k has z (1 - t) t^(k-1) / 2, and what is beyond belongs to the escape; each at least 1.
  @Test func laplaceTablesFollowTheFormula() {
    for table in CoefficientModels.frequencies(.laplace) {
      let best = stride(from: 0.05, through: 2.6, by: 0.0005).map { distance(table, scale: $0) }.min()!
      // Half a unit of rounding, and the search's grid: at most 0.00025 d(f)/d(s), below 7.5 units for these scales.
      #expect(best < 8)
    }
  }

  /// The largest difference of an entry to its formula.
  private func distance(_ table: [UInt16], scale: Double) -> Double {
    let t = exp(-1 / scale)
    let z = exp(-1 / (2 * scale))
    var largest = 0.0
    for k in 1..<table.count - 1 {
      let share: Double = z * (1 - t) * pow(t, Double(k - 1)) / 2
      largest = max(largest, abs(Double(table[k]) - max(1, 32768 * share)))
    }
    return largest
  }

  @Test(arguments: CoefficientModels.Family.allCases) func tablesWiden(family: CoefficientModels.Family) {
    let zeros = CoefficientModels.frequencies(family).map { $0[0] }
    #expect(zip(zeros, zeros.dropFirst()).allSatisfy { $0 > $1 })
  }

  @Test func costsAreTheLogarithms() {
    for family in CoefficientModels.Family.allCases {
      let tables = RansTables.of(family)
      for (table, entries) in CoefficientModels.frequencies(family).enumerated() {
        for k in 0..<entries.count - 1 {
          let exact = 1024 * (15 - log2(Double(entries[k])))
          #expect(abs(Double(tables.costs[16 * table + k]) - exact) <= 1.01)
        }
      }
    }
  }
}
