import Foundation
import Testing

@testable import CacheCodec

@Suite struct PassControlTests {
  /// Writes groups whose costs are `costs` at a scale of 1 and follow scale^slope; returns the control after all rounds.
  private static func run(_ control: PassControl, costs: [Double]) -> PassControl {
    var control = control
    for round in PassControl.rounds(costs.count) {
      let scale = control.scale
      for group in round { control.add(costs[group] * pow(scale, control.slope), scale: scale) }
    }
    return control
  }

  private static func total(_ control: PassControl) -> Double { control.costs.reduce(0) { $0 + $1.cost } }

  @Test func roundsCoverAllGroupsInOrder() {
    for count in 0...70 {
      let rounds = PassControl.rounds(count)
      #expect(rounds.flatMap { Array($0) } == Array(0..<count))
      #expect(count == 0 || rounds.allSatisfy { !$0.isEmpty })
      #expect(rounds.dropLast().allSatisfy { $0.count % 2 == 0 })
    }
  }

  @Test func aRightForecastChangesNothing() {
    let costs: [Double] = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]
    for slope in [0.5, 1, -0.7] {
      let done = Self.run(PassControl(target: costs.reduce(0, +), forecast: costs, slope: slope), costs: costs)
      #expect(done.costs.allSatisfy { abs($0.scale - 1) < 1e-12 })
    }
  }

  /// A forecast that is wrong by one factor for all groups: the rest makes up for the beginning, as far as steps may move.
  @Test(arguments: [1.0, -0.8]) func theTargetIsMetWithAWrongForecast(slope: Double) {
    let costs: [Double] = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4]
    for factor in [0.95, 0.98, 1.02, 1.05] {
      let target = costs.reduce(0, +)
      let actual = costs.map { $0 * factor }
      let done = Self.run(PassControl(target: target, forecast: costs, slope: slope), costs: actual)
      #expect(abs(Self.total(done) / target - 1) < 1e-9, "\(factor)")
    }
    // Too far off: steps move by e^0.3 at most, and the pass misses.
    let done = Self.run(
      PassControl(target: costs.reduce(0, +), forecast: costs, slope: slope), costs: costs.map { $0 * 3 })
    #expect(abs(abs(log(done.costs.last!.scale)) - PassControl.furthest) < 1e-12)
  }

  /// The pass after a missed one starts where all groups together meet the target, each along its own cost.
  @Test(arguments: [1.0, 0.6, -0.8]) func theNextPassMeetsTheTarget(slope: Double) throws {
    let forecast = [Double](repeating: 2, count: 10)
    let actual: [Double] = [9, 1, 2, 8, 1, 1, 7, 3, 4, 6]
    let first = Self.run(PassControl(target: 20, forecast: forecast, slope: slope), costs: actual)
    #expect(abs(Self.total(first) / 20 - 1) > 0.05)
    let next = try #require(first.next())
    #expect(abs(next.control.forecast.reduce(0, +) / 20 - 1) < 1e-9)
    let second = Self.run(next.control, costs: actual.map { $0 * pow(next.scale, slope) })
    #expect(abs(Self.total(second) / 20 - 1) < 1e-9)
    #expect(second.costs.allSatisfy { abs($0.scale - 1) < 1e-9 })
  }

  @Test func groupsThatCostNothingGiveNoNextPass() {
    var control = PassControl(target: 1, forecast: [1, 1], slope: 1)
    #expect(control.next() == nil && control.scale == 1)
    control.add(0, scale: 1)
    #expect(control.scale == 1)
    control.add(1, scale: 1)
    #expect(control.next() == nil)
  }
}
