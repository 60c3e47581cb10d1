import TestSupport
import Testing

@testable import Baselines

struct BitAllocationTests {
  /// Errors that no formula knows, so that only a search can find the best.
  private func problem(count: Int, sizes: [Int], seed: UInt64) -> BitAllocation.Problem {
    var generator = RepeatableGenerator(seed: seed)
    var errors: [[Int]: Double] = [:]
    for start in 0..<count {
      for end in start + 1...count {
        for bits in [0, 2, 4] {
          let share = Double.random(in: 0.2...1, using: &generator) * (bits == 0 ? 1 : bits == 2 ? 0.4 : 0.1)
          errors[[start, end, bits]] = share * Double(end - start) / Double(start + 1)
        }
      }
    }
    let table = errors
    return BitAllocation.Problem(
      count: count, sizes: sizes, precisions: [2, 4],
      error: { table[[$0.lowerBound, $0.upperBound, $1]]! }, cost: { ($0.count * $1 + 3) / 2 })
  }

  /// The least error over all ways to cut, by trying them all.
  private func bruteForce(_ problem: BitAllocation.Problem, from start: Int = 0, budget: Int) -> Double {
    guard start < problem.count else { return 0 }
    let unit = problem.sizes[0]
    let first = start..<min(start + unit, problem.count)
    var best = problem.error(first, 0) + bruteForce(problem, from: first.upperBound, budget: budget)
    for size in problem.sizes where size == unit || start + size <= (problem.count + unit - 1) / unit * unit {
      let group = start..<min(start + size, problem.count)
      for bits in problem.precisions where problem.cost(group, bits) <= budget {
        let rest = bruteForce(problem, from: group.upperBound, budget: budget - problem.cost(group, bits))
        best = min(best, problem.error(group, bits) + rest)
      }
    }
    return best
  }

  private func error(of plan: BitAllocation, _ problem: BitAllocation.Problem) -> Double {
    var total = 0.0
    var position = 0
    let unit = problem.sizes[0]
    func drop(to end: Int) {
      while position < end {
        total += problem.error(position..<min(position + unit, problem.count), 0)
        position = min(position + unit, problem.count)
      }
    }
    for group in plan.groups {
      drop(to: group.components.lowerBound)
      total += problem.error(group.components, group.bits)
      position = group.components.upperBound
    }
    drop(to: problem.count)
    return total
  }

  @Test(arguments: 1...7, [[1, 2, 4], [2, 4]])
  func theBestOfAllWays(_ count: Int, _ sizes: [Int]) {
    for seed in UInt64(0)..<4 {
      let problem = problem(count: count, sizes: sizes, seed: seed)
      for budget in stride(from: 0, through: 24, by: 3) {
        let plan = BitAllocation.optimal(problem, budget: budget)
        let cost = plan.groups.reduce(0) { $0 + problem.cost($1.components, $1.bits) }
        #expect(cost <= budget)
        #expect(abs(error(of: plan, problem) - bruteForce(problem, budget: budget)) < 1e-12)
      }
    }
  }

  @Test func nothingToAllocate() {
    let empty = problem(count: 0, sizes: [1], seed: 0)
    #expect(BitAllocation.optimal(empty, budget: 5).groups.isEmpty)
    #expect(BitAllocation.optimal(empty, budget: 5).extent == 0)
  }

  @Test func distortionsAreThoseOfAPlainLoop() throws {
    var generator = RepeatableGenerator(seed: 9)
    let (rows, count) = (5, 70)
    let samples = (0..<rows * count).map { generator.normal() / Float($0 % count + 1) }
    let table = try DistortionTable(samples: samples, count: count)
    for (group, bits) in [(0..<16, 0), (0..<16, 2), (16..<32, 8), (0..<64, 4), (64..<70, 2)] {
      var expected = 0.0
      for row in 0..<rows {
        let x = group.map { samples[row * count + $0] }
        let low = Float(Float16(x.min()!))
        let scale = bits == 0 ? 0 : Float(Float16((x.max()! - low) / Float(1 << bits - 1)))
        for value in x {
          let q = min(max(((value - low) / scale).rounded(), 0), Float(1 << bits - 1))
          let restored = bits == 0 ? 0 : low + scale * q
          expected += Double((value - restored) * (value - restored))
        }
      }
      #expect(abs(table.error(group, bits: bits) - expected / Double(rows)) <= 1e-5 * expected)
    }
  }
}
