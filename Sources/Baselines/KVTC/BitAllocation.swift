/// KVTC's choice of precisions: which runs of principal components form a group, and how many bits each number of the
/// group gets, so that the squared error is least within a budget of bits a token. Found by dynamic programming.
struct BitAllocation: Hashable, Sendable {
  /// A run of components quantised together, with one shift and one scale a token.
  struct Group: Hashable, Sendable {
    var components: Range<Int>
    /// 2, 4 or 8.
    var bits: Int
  }

  /// In component order; components in no group are dropped.
  var groups: [Group]

  /// One past the last component that is kept; 0 if none is.
  var extent: Int { groups.last?.components.upperBound ?? 0 }

  /// What the search may choose from and what each choice costs.
  struct Problem {
    /// Components in all.
    var count: Int
    /// Group sizes, ascending; each a multiple of the first, and groups begin at multiples of the first. A group that
    /// would pass the end is cut there.
    var sizes: [Int]
    /// Bits besides 0, ascending.
    var precisions: [Int]
    /// The squared error of a group, by start, size and bits; bits 0 is dropping it, asked for the smallest size only.
    var error: (Range<Int>, Int) -> Double
    /// What a group costs in units of the budget; 0 bits cost nothing.
    var cost: (Range<Int>, Int) -> Int
  }

  /// The allocation of least total error whose total cost is at most `budget`; of equals, one of least cost.
  static func optimal(_ problem: Problem, budget: Int) -> BitAllocation {
    let unit = problem.sizes[0]
    let positions = (problem.count + unit - 1) / unit
    let width = budget + 1
    // best[p·width + r]: the least error of the components before position p at a cost of exactly r.
    var best = [Double](repeating: .infinity, count: (positions + 1) * width)
    var choice = [(size: Int32, bits: Int32, cost: Int32)](repeating: (0, 0, 0), count: best.count)
    best[0] = 0
    for position in 0..<positions {
      func relax(_ size: Int, _ bits: Int) {
        let end = min(position + size / unit, positions)
        let range = position * unit..<min(end * unit, problem.count)
        let cost = bits == 0 ? 0 : problem.cost(range, bits)
        guard cost <= budget else { return }
        let error = problem.error(range, bits)
        for spent in 0...budget - cost {
          let here = best[position * width + spent]
          guard here < .infinity, here + error < best[end * width + spent + cost] else { continue }
          best[end * width + spent + cost] = here + error
          choice[end * width + spent + cost] = (Int32(end - position), Int32(bits), Int32(cost))
        }
      }
      relax(unit, 0)
      for size in problem.sizes where size == unit || position + size / unit <= positions {
        for bits in problem.precisions { relax(size, bits) }
      }
    }
    var spent = 0
    for r in 0...budget where best[positions * width + r] < best[positions * width + spent] { spent = r }
    var groups: [Group] = []
    var position = positions
    while position > 0 {
      let step = choice[position * width + spent]
      let start = position - Int(step.size)
      if step.bits > 0 {
        groups.append(
          Group(components: start * unit..<min(position * unit, problem.count), bits: Int(step.bits)))
      }
      position = start
      spent -= Int(step.cost)
    }
    return BitAllocation(groups: groups.reversed())
  }
}
