import ComputeKernels
import Fidelity
import KVCacheModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The quantiser's steps for keys and values.
public struct SpectralSteps: Hashable, Sendable {
  public var key: Float
  public var value: Float

  subscript(kind: CacheKind) -> Float { kind == .key ? key : value }

  func scaled(by factor: Double) -> SpectralSteps {
    SpectralSteps(key: key * Float(factor), value: value * Float(factor))
  }
}

/// Finds the pair of steps that meets a target with fewest bytes, from trials on some of the layers.
///
/// Keys alone, and values alone, of the sample are coded at three steps each; bytes and the error of each query head are
/// interpolated between (linearly in logarithms). Errors of keys and values add as squares. Of all pairs on a grid of
/// eighths of an octave the cheapest that meets the target is taken: that balances keys against values by what they do
/// to the output, not by a constant.
struct StepSearch: Sendable {
  /// Bytes and errors of one kind of the sample, at rising steps.
  private struct Curve: Sendable {
    var logSteps: [Double] = []
    var logBytes: [Double] = []
    /// One list a step, one logarithm a query head.
    var logErrors: [[Double]] = []

    func interpolated(at logStep: Double) -> (bytes: Double, errors: [Double]) {
      let upper = min(max(logSteps.firstIndex { $0 >= logStep } ?? logSteps.count - 1, 1), logSteps.count - 1)
      let (a, b) = (upper - 1, upper)
      let share = (logStep - logSteps[a]) / (logSteps[b] - logSteps[a])
      func mix(_ x: Double, _ y: Double) -> Double { exp(x + share * (y - x)) }
      return (mix(logBytes[a], logBytes[b]), zip(logErrors[a], logErrors[b]).map { mix($0, $1) })
    }
  }

  private let curves: [CacheKind: Curve]
  /// Layers of the cache for each layer of the sample.
  private let share: Double

  /// Groups that are tried at most.
  static let sampleGroups = 4

  /// Codes a sample of the groups around a first guess of the step.
  init(_ encoder: SpectralEncoder, around guess: Float) throws {
    let count = encoder.groups.count
    let sample =
      count <= Self.sampleGroups
      ? Array(0..<count)
      : (0..<Self.sampleGroups).map {
        ($0 * 2 + 1) * count / (2 * Self.sampleGroups)
      }
    let steps: [Float] = [0.5, 1.1, 2.4].map { $0 * guess }
    let trials = try ParallelLoop.map(sample.count, width: encoder.width) {
      try Self.trials(encoder, group: sample[$0], steps: steps)
    }
    var curves: [CacheKind: Curve] = [:]
    for kind in CacheKind.allCases {
      var curve = Curve()
      for index in steps.indices {
        curve.logSteps.append(log(Double(steps[index])))
        curve.logBytes.append(log(trials.reduce(0.0) { $0 + Double($1[kind]![index].bytes) }))
        curve.logErrors.append(trials.flatMap { $0[kind]![index].errors.map { log(max($0, 1e-9)) } })
      }
      curves[kind] = curve
    }
    self.curves = curves
    let layers = sample.reduce(0) { $0 + encoder.groups[$1].count }
    share = Double(encoder.source.description.geometry.layers.count) / Double(max(layers, 1))
  }

  private struct Trial: Sendable {
    var bytes: Int
    var errors: [Double]
  }

  private static func trials(
    _ encoder: SpectralEncoder, group: Int, steps: [Float]
  ) throws -> [CacheKind: [Trial]] {
    let tensors = try CacheKind.allCases.map { try encoder.tensors($0, group: group) }
    let full = tensors.map { $0.map { $0.floats() } }
    let problems = try encoder.groups[group].layers.map {
      try encoder.problem(layer: $0)?.thinned(to: SpectralEncoder.estimateQueries)
    }
    let references = try problems.indices.map { layer in
      try problems[layer].map { try ReferenceAttention.outputs($0, keys: full[0][layer], values: full[1][layer]) }
    }
    var result: [CacheKind: [Trial]] = [:]
    for (index, kind) in CacheKind.allCases.enumerated() {
      result[kind] = try steps.map { step in
        let encoded = encoder.coder(kind, group: group).encode(tensors[index], step: step)
        let errors = try problems.indices.flatMap { layer -> [Double] in
          guard let problem = problems[layer], let reference = references[layer] else { return [] }
          let restored = encoded.restored[layer].floats()
          let outputs = try ReferenceAttention.outputs(
            problem, keys: kind == .key ? restored : full[0][layer], values: kind == .value ? restored : full[1][layer])
          return AttentionErrors.ofHeads(reference: reference, restored: outputs, heads: problem.layer.queryHeads)
        }
        return Trial(bytes: encoded.byteCount, errors: errors)
      }
    }
    return result
  }

  /// What a pair of steps is expected to give for the whole cache.
  struct Estimate: Hashable, Sendable {
    var steps: SpectralSteps
    var bytes: Double
    var error: Double
  }

  /// Every pair of steps on the grid.
  func estimates() -> [Estimate] {
    let grid = stride(from: -16, through: 16, by: 1).map { Double($0) / 8 * log(2) }
    func points(_ kind: CacheKind) -> [(step: Double, bytes: Double, errors: [Double])] {
      let curve = curves[kind]!
      return grid.map { offset in
        let step = curve.logSteps[1] + offset
        let point = curve.interpolated(at: step)
        return (step, point.bytes, point.errors)
      }
    }
    let (keys, values) = (points(.key), points(.value))
    return keys.flatMap { key in
      values.map { value in
        let sum = zip(key.errors, value.errors).reduce(0.0) { $0 + ($1.0 * $1.0 + $1.1 * $1.1).squareRoot() }
        return Estimate(
          steps: SpectralSteps(key: Float(exp(key.step)), value: Float(exp(value.step))),
          bytes: share * (key.bytes + value.bytes), error: sum / Double(max(key.errors.count, 1)))
      }
    }
  }

  /// The cheapest pair with at most that error; where there is none, the one with the smallest error.
  func cheapest(error limit: Double) -> Estimate {
    let all = estimates()
    return all.filter { $0.error <= limit }.min { $0.bytes < $1.bytes } ?? all.min { $0.error < $1.error }!
  }

  /// The pair of smallest error with at most that many bytes; where there is none, the smallest.
  func best(bytes limit: Double) -> Estimate {
    let all = estimates()
    return all.filter { $0.bytes <= limit }.min { $0.error < $1.error } ?? all.min { $0.bytes < $1.bytes }!
  }

  /// d log error / d log step and d log bytes / d log step around a pair, both steps moving together.
  func slopes(at steps: SpectralSteps) -> (error: Double, bytes: Double) {
    func point(_ factor: Double) -> (error: Double, bytes: Double) {
      let key = curves[.key]!.interpolated(at: log(Double(steps.key) * factor))
      let value = curves[.value]!.interpolated(at: log(Double(steps.value) * factor))
      let sum = zip(key.errors, value.errors).reduce(0.0) { $0 + ($1.0 * $1.0 + $1.1 * $1.1).squareRoot() }
      return (sum / Double(max(key.errors.count, 1)), key.bytes + value.bytes)
    }
    let (low, high) = (point(0.9), point(1.1))
    let width = log(1.1 / 0.9)
    let error = low.error > 0 && high.error > 0 ? log(high.error / low.error) / width : 1
    return (max(error, 0.3), min(log(high.bytes / low.bytes) / width, -0.2))
  }
}
