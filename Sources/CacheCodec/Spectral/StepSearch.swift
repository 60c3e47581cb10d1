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
/// Keys alone, and values alone, of the sample are coded at two steps each; bytes and the error of each query head are
/// interpolated between (linearly in logarithms). Errors of keys and values add as squares. Of all pairs on a grid of
/// eighths of an octave the one is taken that meets the target with fewest bytes on the sample: that balances keys
/// against values by what they do to the output, not by a constant. Both steps are then scaled alike, so that the target
/// is met by what the sample and `GroupTheory` say of all groups.
struct StepSearch: Sendable {
  /// Bytes and errors of one kind of the sample, at rising steps.
  struct Curve: Sendable {
    var logSteps: [Double] = []
    /// One list a step, one logarithm a group of the sample.
    var logBytes: [[Double]] = []
    /// One list a step, one logarithm a query head.
    var logErrors: [[Double]] = []

    /// The middle of the tried steps.
    var middle: Double { (logSteps[0] + logSteps[logSteps.count - 1]) / 2 }

    func interpolated(at logStep: Double) -> (bytes: [Double], errors: [Double]) {
      let upper = min(max(logSteps.firstIndex { $0 >= logStep } ?? logSteps.count - 1, 1), logSteps.count - 1)
      let (a, b) = (upper - 1, upper)
      let share = (logStep - logSteps[a]) / (logSteps[b] - logSteps[a])
      func mix(_ lists: [[Double]]) -> [Double] { zip(lists[a], lists[b]).map { exp($0 + share * ($1 - $0)) } }
      return (mix(logBytes), mix(logErrors))
    }
  }

  let curves: [CacheKind: Curve]
  /// The groups that were tried, ascending, with how many query heads each has.
  let sample: [(group: Int, heads: Int)]
  let theory: GroupTheory

  /// Groups that are tried: the fewer, the more layers each holds.
  private static func sampleSize(_ groups: [LayerGroup]) -> Int {
    let layers = groups.reduce(0) { $0 + $1.count } / max(groups.count, 1)
    return min(groups.count, layers >= 5 ? 2 : layers >= 3 ? 3 : 4)
  }

  /// The steps that are tried, as multiples of the guess.
  static let factors: [Float] = [0.6, 1.8]

  /// Codes a sample of the groups around a first guess of the step.
  init(_ encoder: SpectralEncoder, around guess: Float) throws {
    let size = Self.sampleSize(encoder.groups)
    let sample = (0..<size).map { ($0 * 2 + 1) * encoder.groups.count / (2 * size) }
    let steps = Self.factors.map { $0 * guess }
    let trials = try ParallelLoop.map(2 * sample.count, width: encoder.width) {
      try Self.trials(encoder, CacheKind.allCases[$0 % 2], group: sample[$0 / 2], steps: steps)
    }
    var curves: [CacheKind: Curve] = [:]
    for (place, kind) in CacheKind.allCases.enumerated() {
      let own = stride(from: place, to: trials.count, by: 2).map { trials[$0] }
      var curve = Curve()
      for index in steps.indices {
        curve.logSteps.append(log(Double(steps[index])))
        curve.logBytes.append(own.map { log(Double($0[index].bytes)) })
        curve.logErrors.append(own.flatMap { $0[index].errors.map { log(max($0, 1e-9)) } })
      }
      curves[kind] = curve
    }
    self.curves = curves
    self.sample = sample.enumerated().map { ($1, trials[2 * $0][0].errors.count) }
    theory = encoder.theory
  }

  private struct Trial: Sendable {
    var bytes: Int
    var errors: [Double]
  }

  /// Codes a group's keys, or values, at each step; the other kind stays as it is.
  private static func trials(
    _ encoder: SpectralEncoder, _ kind: CacheKind, group: Int, steps: [Float]
  ) throws -> [Trial] {
    let tensors = try encoder.tensors(kind, group: group)
    let others = try encoder.tensors(kind == .key ? .value : .key, group: group).map { $0.floats() }
    let problems = try encoder.groups[group].layers.map {
      try encoder.problem(layer: $0)?.thinned(to: SpectralEncoder.estimateQueries)
    }
    func outputs(_ layer: Int, _ problem: AttentionProblem, _ tensor: CacheTensor) throws -> [Float] {
      let own = tensor.floats()
      return try ReferenceAttention.outputs(
        problem, keys: kind == .key ? own : others[layer], values: kind == .key ? others[layer] : own)
    }
    let references = try problems.enumerated().map { layer, problem in
      try problem.map { try outputs(layer, $0, tensors[layer]) }
    }
    return try steps.map { step in
      let encoded = encoder.coder(kind, group: group).encode(tensors, step: step)
      let errors = try problems.enumerated().flatMap { layer, problem -> [Double] in
        guard let problem, let reference = references[layer] else { return [] }
        return AttentionErrors.ofHeads(
          reference: reference, restored: try outputs(layer, problem, encoded.restored[layer]),
          heads: problem.layer.queryHeads)
      }
      return Trial(bytes: encoded.byteCount, errors: errors)
    }
  }
}
