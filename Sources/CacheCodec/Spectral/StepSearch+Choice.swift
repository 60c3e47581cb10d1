import KVCacheModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension StepSearch {
  /// What a pair of steps is expected to give for the groups of the sample.
  struct Estimate: Hashable, Sendable {
    var steps: SpectralSteps
    var bytes: Double
    /// Mean over query heads.
    var error: Double
  }

  /// Every pair of steps on the grid.
  func estimates() -> [Estimate] {
    let grid = stride(from: -16, through: 16, by: 1).map { Double($0) / 8 * log(2) }
    func points(_ kind: CacheKind) -> [(step: Double, bytes: Double, errors: [Double])] {
      let curve = curves[kind]!
      return grid.map { offset in
        let point = curve.interpolated(at: curve.middle + offset)
        return (curve.middle + offset, point.bytes.reduce(0, +), point.errors)
      }
    }
    let (keys, values) = (points(.key), points(.value))
    return keys.flatMap { key in
      values.map { value in
        let sum = zip(key.errors, value.errors).reduce(0.0) { $0 + ($1.0 * $1.0 + $1.1 * $1.1).squareRoot() }
        return Estimate(
          steps: SpectralSteps(key: Float(exp(key.step)), value: Float(exp(value.step))),
          bytes: key.bytes + value.bytes, error: sum / Double(max(key.errors.count, 1)))
      }
    }
  }

  /// The errors of each group's query heads, added up, that a pair of steps is expected to give.
  func errors(at steps: SpectralSteps) -> [Double] {
    let keys = curves[.key]!.interpolated(at: log(Double(steps.key))).errors
    let values = curves[.value]!.interpolated(at: log(Double(steps.value))).errors
    var start = 0
    let sums = sample.map { one -> Double in
      defer { start += one.heads }
      return (start..<start + one.heads).reduce(0) { $0 + (keys[$1] * keys[$1] + values[$1] * values[$1]).squareRoot() }
    }
    return carried(sums, along: theory.errors(steps))
  }

  /// The bytes of each group that a pair of steps is expected to give.
  func bytes(at steps: SpectralSteps) -> [Double] {
    func part(_ kind: CacheKind) -> [Double] {
      carried(
        curves[kind]!.interpolated(at: log(Double(steps[kind]))).bytes, along: theory.bytes(kind, step: steps[kind]))
    }
    return zip(part(.key), part(.value)).map { $0 + $1 }
  }

  /// What the groups of the sample gave, carried over to all groups in proportion to what theory gives; the factor of a
  /// group between two of the sample lies on the line between theirs.
  private func carried(_ measured: [Double], along theory: [Double]) -> [Double] {
    let factors = zip(sample, measured).map { $1 / max(theory[$0.group], 1e-30) }
    return theory.indices.map { group in
      let above = sample.firstIndex { $0.group >= group } ?? sample.count - 1
      let below = sample.lastIndex { $0.group <= group } ?? 0
      let width = sample[above].group - sample[below].group
      let place = width > 0 ? Double(group - sample[below].group) / Double(width) : 0
      return theory[group] * (factors[below] + place * (factors[above] - factors[below]))
    }
  }

  /// The steps of about that mean error, balanced to take fewest bytes.
  func cheapest(error limit: Double) -> SpectralSteps {
    let all = estimates()
    let balanced = all.filter { $0.error <= limit }.min { $0.bytes < $1.bytes } ?? all.min { $0.error < $1.error }!
    return scaled(balanced.steps) { errors(at: $0).reduce(0, +) > limit * Double(theory.heads) }
  }

  /// The steps of about that many bytes, balanced to have the smallest error, with the keys' then multiplied by
  /// `keyBalance`.
  func best(bytes limit: Double, keyBalance: Float = 1) -> SpectralSteps {
    let all = estimates()
    let sampled = bytes(at: all[all.count / 2].steps).reduce(0, +)
    let share = sampled > 0 ? all[all.count / 2].bytes / sampled : 1
    let balanced =
      all.filter { $0.bytes <= share * limit }.min { $0.error < $1.error } ?? all.min { $0.bytes < $1.bytes }!
    let steps = SpectralSteps(key: balanced.steps.key * keyBalance, value: balanced.steps.value)
    return scaled(steps) { bytes(at: $0).reduce(0, +) <= limit }
  }

  /// Steps scaled by up to a factor of four to where `isTooCoarse` begins to hold.
  private func scaled(_ steps: SpectralSteps, isTooCoarse: (SpectralSteps) -> Bool) -> SpectralSteps {
    var (low, high) = (-log(4.0), log(4.0))
    for _ in 0..<24 {
      let middle = (low + high) / 2
      if isTooCoarse(steps.scaled(by: exp(middle))) { high = middle } else { low = middle }
    }
    return steps.scaled(by: exp(low))
  }

  /// d log error / d log step and d log bytes / d log step around a pair, both steps moving together.
  func slopes(at steps: SpectralSteps) -> (error: Double, bytes: Double) {
    func point(_ factor: Double) -> (error: Double, bytes: Double) {
      let scaled = steps.scaled(by: factor)
      return (errors(at: scaled).reduce(0, +), bytes(at: scaled).reduce(0, +))
    }
    let (low, high) = (point(0.9), point(1.1))
    let width = log(1.1 / 0.9)
    let error = low.error > 0 && high.error > 0 ? log(high.error / low.error) / width : 1
    return (max(error, 0.3), min(log(high.bytes / low.bytes) / width, -0.2))
  }
}
