#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Steers the steps while a cache is written, so that one writing meets the target.
///
/// Groups are written in rounds. After each, what the groups so far cost (error or bytes) is checked against the forecast,
/// and the steps of the groups to come are scaled so that the rest of the target goes to them. Rounds do not depend on
/// the thread count, so neither does the file.
struct PassControl: Sendable {
  /// What all groups together should cost.
  let target: Double
  /// What each group is expected to cost at the starting steps.
  let forecast: [Double]
  /// d log cost / d log step, about; above 0 for errors, below 0 for bytes.
  let slope: Double

  /// What the groups so far cost, and the scales of their steps.
  private(set) var costs: [(cost: Double, scale: Double)] = []

  init(target: Double, forecast: [Double], slope: Double) {
    precondition(slope != 0)
    self.target = target
    self.forecast = forecast
    self.slope = slope
  }

  /// The furthest that steps are moved, as a logarithm: beyond, another pass loses less than steps so unequal.
  static let furthest = 0.3

  /// Takes what the next group cost with its steps scaled by `scale`.
  mutating func add(_ cost: Double, scale: Double) { costs.append((cost, scale)) }

  /// What the starting steps are to be multiplied by for the groups to come: 1 before the first.
  var scale: Double {
    let spent = costs.reduce(0) { $0 + $1.cost }
    let even = evenCosts.reduce(0, +)
    let foreseen = forecast[..<costs.count].reduce(0, +)
    let rest = forecast[costs.count...].reduce(0, +)
    guard even > 0, foreseen > 0, rest > 0, target.isFinite else { return 1 }
    let left = max(target - spent, 1e-3 * target)
    return exp(min(max(log(left / (rest * even / foreseen)) / slope, -Self.furthest), Self.furthest))
  }

  /// What the groups so far would have cost at the starting steps.
  private var evenCosts: [Double] { costs.map { $0.cost * pow($0.scale, -slope) } }

  /// The control of another pass, with what this one measured as its forecast, and the scale of its starting steps
  /// against this one's; nil unless every group has cost something.
  func next() -> (scale: Double, control: PassControl)? {
    guard costs.count == forecast.count, costs.allSatisfy({ $0.cost > 0 && $0.cost.isFinite }), target > 0 else {
      return nil
    }
    let even = evenCosts
    let change = min(max(log(target / even.reduce(0, +)) / slope, -log(5)), log(5))
    let forecast = even.map { $0 * exp(slope * change) }
    return (exp(change), PassControl(target: target, forecast: forecast, slope: slope))
  }

  /// The rounds in which `count` groups are written: the steps change between them. Even sizes keep two threads busy.
  static func rounds(_ count: Int) -> [Range<Int>] {
    var bounds = [0]
    for share in count < 16 ? [0.6, 0.8] : [0.5, 0.75, 0.9] {
      let bound = Int((share * Double(count) / 2).rounded(.up)) * 2
      if bound > bounds.last!, bound < count { bounds.append(bound) }
    }
    bounds.append(count)
    return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
  }
}
