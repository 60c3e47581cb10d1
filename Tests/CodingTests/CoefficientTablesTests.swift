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

  /// The tables are the quantiser's cells of the family's density: a sign of magnitude k has the share of
  /// k - 1/2 … k + 1/2, the escape what is beyond, each rounded and at least 1, and 0 the rest.
  ///
  /// Every entry but that of 0 is off by less than 1, so that of 0 by less than their count with both signs; the scale
  /// found from it moves the others by at most half as much.
  @Test(arguments: CoefficientModels.Family.allCases) func tablesFollowTheDensity(family: CoefficientModels.Family) {
    for table in CoefficientModels.frequencies(family) {
      var (low, high) = (0.01, 20.0)
      for _ in 0..<40 {
        let middle = (low + high) / 2
        if 2 * cell(0, 0.5, middle, family) > Double(table[0]) / 32768 { low = middle } else { high = middle }
      }
      for k in 1..<table.count - 1 {
        let share = 32768 * cell(Double(k) - 0.5, Double(k) + 0.5, low, family)
        #expect(abs(Double(table[k]) - max(1, share)) < Double(table.count))
      }
    }
  }

  /// The share of `from` … `to` in the density of scale `scale`, by Simpson's rule.
  private func cell(_ from: Double, _ to: Double, _ scale: Double, _ family: CoefficientModels.Family) -> Double {
    let exponent = family == .laplace ? 1.0 : 1.6
    // Over both sides, ∫ exp(-(|x|/s)^p) dx = 2 s Γ(1 + 1/p).
    let whole = 2 * scale * tgamma(1 + 1 / exponent)
    let width = (to - from) / 64
    return (0...64).reduce(0.0) { sum, i in
      let x = from + width * Double(i)
      let weight = i == 0 || i == 64 ? 1.0 : i % 2 == 1 ? 4 : 2
      return sum + weight * exp(-pow(x / scale, exponent))
    } * width / 3 / whole
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
