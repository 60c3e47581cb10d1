import ComputeKernels
import Fidelity
import KVCacheModel
import SpectralTransform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Learns a model's feature bases from caches of several texts (docs/method.md).
///
/// Of each text it keeps, for each group of layers, the covariance of the features about the text's own mean, since an
/// `.fkv` holds its cache's means; and for each head the logarithm of its sensitivity. Caches themselves are not kept.
/// `basis` then weights the mean covariance by the mean sensitivities and takes its principal components.
public struct BasisCalibrator: Sendable {
  /// How many neighbouring layers share a basis; nil takes as many as keep a group at 1024 features or fewer.
  public var groupLayers: Int?
  /// The smallest attention-output error that the basis is meant for: components that would not be coded at its step
  /// are left out, and the others are quantised for it. Smaller errors still work, at more bits. It should lie well below
  /// the errors that are asked for, since the window is coded with finer steps (docs/method.md).
  public var finestError = 0.01

  private var model: ModelIdentity?
  private var geometry: CacheGeometry?
  private var groups: [LayerGroup] = []
  /// Two a group, keys before values.
  private var moments: [Moments] = []
  /// By layer and head: sums over texts of log(e/σ).
  private var keyLogs: [[Double]] = []
  private var valueLogs: [[Double]] = []
  private var texts: [ModelBasis.Calibration.Text] = []

  /// The step of weighted features that gives an error of 1 when extrapolated, by measurement (docs/method.md).
  private static let stepPerError = 3.7
  private static let parameters = SpectralParameters()

  /// A sum over texts of tokens · covariance.
  private struct Moments: Sendable {
    var tokens = 0
    /// Upper triangle of (n, n).
    var sum: [Float] = []

    mutating func add(_ moments: FeatureMoments) {
      guard moments.count > 0 else { return }
      if sum.isEmpty { sum = [Float](repeating: 0, count: moments.covariance.count) }
      let weight = Float(moments.count)
      sum.withUnsafeMutableBufferPointer { sum in
        moments.covariance.withUnsafeBufferPointer { covariance in
          for i in sum.indices { sum[i] += weight * covariance[i] }
        }
      }
      tokens += moments.count
    }
  }

  public init() {}

  /// Tokens that were learned from, those that are always kept exactly not counted; of the layer that saw fewest.
  public var tokens: Int { moments.map(\.tokens).min() ?? 0 }
  /// n of the largest group; 0 before the first text.
  public var mostFeatures: Int { groups.map(\.features).max() ?? 0 }

  /// Learns from the cache of one text.
  ///
  /// - Throws: `CodecError.unsuitable` if the cache has no probe queries, is of another shape than those before it, or
  ///   its groups would be too large; `CodecError.basisOfOtherModel`; what the source throws.
  public mutating func add(_ source: any CacheSource, name: String) throws {
    let description = source.description
    try begin(description)
    let groups = LayerGroup.groups(of: description.geometry, size: groupLayers, features: 1024)
    guard groups.map(\.layers) == self.groups.map(\.layers) else {
      throw CodecError.unsuitable("the layers of \(name) form other groups than those of the texts before it")
    }
    let rotations = KeyRotations(description)
    let sensitivities = try ParallelLoop.map(description.geometry.layers.count) {
      try SpectralEncoder.sensitivity(of: source, layer: $0, parameters: Self.parameters).noise
    }
    var index = 0
    try ParallelLoop.ordered(
      2 * groups.count,
      produce: { index -> FeatureMoments in
        let (kind, group) = (CacheKind.allCases[index % 2], groups[index / 2])
        let samples = GroupSamples(
          group: group, weights: Array(repeating: 1, count: group.count * group.shape.kvHeads),
          mean: Array(repeating: 0, count: group.features), rotation: kind == .key ? rotations.rotation(of: group) : nil
        )
        return FeatureMoments(
          samples, tensors: try group.layers.map { try source.tensor(kind, layer: $0) },
          plan: SegmentPlan(Self.parameters, tokens: group.shape.tokens), covariance: true)
      },
      consume: { _, found in
        moments[index].add(found)
        index += 1
      })
    for (layer, noise) in sensitivities.enumerated() {
      for head in noise.keys.indices {
        keyLogs[layer][head] += log(max(Double(noise.keys[head]), 1e-30))
        valueLogs[layer][head] += log(max(Double(noise.values[head]), 1e-30))
      }
    }
    texts.append(ModelBasis.Calibration.Text(name: name, tokens: description.geometry.tokens))
  }

  /// Checks that a cache is like the first one, or takes it for the first.
  private mutating func begin(_ description: CacheDescription) throws {
    guard description.probeQueries > 0 else {
      throw CodecError.unsuitable("a basis is learned from caches with probe queries, this one has none")
    }
    if let model, let geometry {
      guard model == description.model else {
        throw CodecError.basisOfOtherModel(
          basis: "\(model.name) (\(model.fingerprint))",
          cache: "\(description.model.name) (\(description.model.fingerprint))")
      }
      guard geometry.layers.map(\.kvHeads) == description.geometry.layers.map(\.kvHeads),
        geometry.layers.map(\.headDim) == description.geometry.layers.map(\.headDim)
      else { throw CodecError.unsuitable("the cache is of another shape than those before it") }
      return
    }
    let groups = LayerGroup.groups(of: description.geometry, size: groupLayers, features: 1024)
    if let large = groups.first(where: { $0.features > ModelBasisFile.mostFeatures }) {
      throw CodecError.unsuitable(
        "a group of \(large.count) layers has \(large.features) features, allowed are \(ModelBasisFile.mostFeatures)")
    }
    model = description.model
    geometry = description.geometry
    self.groups = groups
    moments = Array(repeating: Moments(), count: 2 * groups.count)
    keyLogs = description.geometry.layers.map { Array(repeating: 0, count: $0.kvHeads) }
    valueLogs = keyLogs
  }

  /// The bases that the texts so far give.
  ///
  /// - Parameter progress: called with bases done and bases in all, from the calling thread.
  /// - Throws: `CodecError.unsuitable` without tokens, or if a cache held a NaN or infinity.
  public func basis(writer: String, progress: (Int, Int) -> Void = { _, _ in }) throws -> ModelBasis {
    guard let model, tokens > 0 else {
      throw CodecError.unsuitable("a basis needs texts of more than \(Self.parameters.sinks) tokens")
    }
    let weights = [keyLogs, valueLogs].map { logs in
      FeatureWeights(sensitivities: logs.map { $0.map { Float(exp($0 / Double(texts.count))) } })
    }
    let step = Float(Self.stepPerError * finestError)
    var parts: [ModelBasis.Part] = []
    try ParallelLoop.ordered(
      moments.count,
      produce: { index in
        let group = groups[index / 2]
        return try Self.part(
          moments[index], group: group, weights: weights[index % 2].weights(of: group), step: step)
      },
      consume: { _, part in
        parts.append(part)
        progress(parts.count, moments.count)
      })
    return ModelBasis(
      model: model,
      groups: groups.map { group in
        LayerGroup(
          firstLayer: group.firstLayer, count: group.count,
          shape: LayerGeometry(
            kvHeads: group.shape.kvHeads, queryHeads: group.shape.kvHeads, headDim: group.shape.headDim, tokens: 0))
      },
      keys: stride(from: 0, to: parts.count, by: 2).map { parts[$0] },
      values: stride(from: 1, to: parts.count, by: 2).map { parts[$0] },
      calibration: ModelBasis.Calibration(
        texts: texts,
        settings: [
          "group-layers=\(groupLayers.map(String.init) ?? "auto")", "finest-error=\(finestError)",
        ], writer: writer))
  }

  /// Principal components of weighted features, down to those that survive at `step`.
  private static func part(
    _ moments: Moments, group: LayerGroup, weights: [Float], step: Float
  ) throws -> ModelBasis.Part {
    let (n, d) = (group.features, group.shape.headDim)
    let scale = 1 / Float(moments.tokens)
    var covariance = moments.sum
    for i in 0..<n {
      let row = weights[i / d] * scale
      for j in i..<n { covariance[i * n + j] *= row * weights[j / d] }
    }
    guard let eigen = SymmetricEigen(upperTriangle: covariance, count: n) else {
      throw CodecError.unsuitable("the caches of layers \(group.layers) hold a NaN or infinity")
    }
    let steps = eigen.values.map { max($0, 0).squareRoot() }
      .prefix { $0 > SpectralGroupCoder.smallestDeviation * step }
      .map { min(SpectralGroupCoder.basisFineness * step / $0, 1) / Float(n).squareRoot() }
    return ModelBasis.Part(
      weights: weights, basis: QuantisedBasis(vectors: eigen.vectors, dimension: n, steps: steps))
  }
}
