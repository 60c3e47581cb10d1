import ComputeKernels
import FKVFormat
import Fidelity
import Foundation
import KVCacheModel
import SpectralTransform

/// Everything that profile `spectral` works out about a cache before it quantises: groups, weights, bases.
struct SpectralEncoder: Sendable {
  let source: any CacheSource
  let parameters: SpectralParameters
  let model: ModelBasis?
  /// Encrypts the file; nil writes it as it is.
  var key: FileKey?
  let groups: [LayerGroup]
  /// How the groups compare.
  let theory: GroupTheory
  /// Layers or groups in work at a time.
  let width: Int
  /// One a group.
  private let keys: [SpectralGroupCoder]
  private let values: [SpectralGroupCoder]

  /// The queries that weights and the search for steps are estimated with.
  static let estimateQueries = 32

  /// - Throws: what the source throws; `CodecError.unsuitable` if a target needs probe queries and there are none.
  init(
    _ source: any CacheSource, parameters: SpectralParameters, model: ModelBasis?, width: Int = ParallelLoop.width
  ) throws {
    let description = source.description
    self.source = source
    self.parameters = parameters
    self.model = model
    self.width = width
    if case .targetError = parameters.rate, description.probeQueries == 0 {
      throw CodecError.unsuitable(
        "the cache holds no probe queries, so no attention error can be met; use a ratio or a step")
    }
    try model?.check(description)
    let groups =
      model?.groups(in: description.geometry)
      ?? LayerGroup.groups(of: description.geometry, size: parameters.groupLayers)
    self.groups = groups
    if let wide = groups.first(where: { $0.features > LayerGroup.mostFeatures }) {
      throw CodecError.unsuitable(
        "layer \(wide.firstLayer) has \(wide.features) features, allowed are \(LayerGroup.mostFeatures) in a group")
    }
    let sensitivities = try ParallelLoop.map(description.geometry.layers.count, width: width) {
      try Self.sensitivity(of: source, layer: $0, parameters: parameters)
    }
    let rotations = KeyRotations(description)
    let weights = CacheKind.allCases.map { kind in
      FeatureWeights(sensitivities: sensitivities.map { kind == .key ? $0.noise.keys : $0.noise.values })
    }
    let coders = try ParallelLoop.map(2 * groups.count, width: width) { index -> SpectralGroupCoder in
      let (kind, number) = (CacheKind.allCases[index % 2], index / 2)
      let group = groups[number]
      let plan = SegmentPlan(parameters, tokens: group.shape.tokens)
      let tensors = try group.layers.map { try source.tensor(kind, layer: $0) }
      let prepared = try Self.prepare(
        kind, group: group, tensors: tensors, plan: plan, rotation: kind == .key ? rotations.rotation(of: group) : nil,
        weights: model?.part(kind, group: number).weights ?? weights[index % 2].weights(of: group),
        basis: parameters.basis, part: model?.part(kind, group: number))
      var coder = SpectralGroupCoder(
        kind: kind, samples: prepared.samples, components: prepared.components, plan: plan, parameters: parameters,
        elementType: description.elementType(of: kind))
      if kind == .value, parameters.weightsValuesByAttention {
        coder.blockCodes = AttentionBlockCodes.codes(
          masses: group.layers.compactMap { sensitivities[$0].masses }, plan: plan, blockLength: parameters.blockLength)
      }
      return coder
    }
    theory = GroupTheory(
      parts: groups.indices.map { number in
        CacheKind.allCases.enumerated().map { index, kind in
          let (group, coder) = (groups[number], coders[2 * number + index])
          let heads = group.layers.flatMap { layer in
            let noise = sensitivities[layer].noise
            return kind == .key ? noise.keys : noise.values
          }
          let noise = zip(heads, coder.samples.weights).reduce(0.0) { $0 + Double($1.0 / $1.1) }
          return GroupTheory.Part(
            noise: noise * Double(group.shape.groupSize), deviations: coder.components.deviations,
            tokens: group.shape.tokens, features: group.features)
        }
      }, heads: description.geometry.layers.reduce(0) { $0 + $1.queryHeads })
    keys = stride(from: 0, to: coders.count, by: 2).map { coders[$0] }
    values = stride(from: 1, to: coders.count, by: 2).map { coders[$0] }
  }

  /// The coder of a group's keys or values.
  func coder(_ kind: CacheKind, group: Int) -> SpectralGroupCoder { kind == .key ? keys[group] : values[group] }

  /// The tensors of a group's layers.
  func tensors(_ kind: CacheKind, group: Int) throws -> [CacheTensor] {
    try groups[group].layers.map { try source.tensor(kind, layer: $0) }
  }

  /// The attention problem of a layer; nil without probe queries.
  func problem(layer: Int) throws -> AttentionProblem? { try Self.problem(of: source, layer: layer) }

  private static func problem(of source: any CacheSource, layer: Int) throws -> AttentionProblem? {
    guard let queries = try source.probeQueries(layer: layer) else { return nil }
    let description = source.description
    return AttentionProblem(
      layer: description.geometry.layers[layer], queries: queries, scale: description.attentionScale,
      softcap: description.attentionSoftcap)
  }

  /// What a layer's probe queries say of it.
  struct Sensitivity: Sendable {
    var noise: NoiseSensitivity
    /// Mean attention of each row; nil unless values are weighted by it.
    var masses: [Float]?
  }

  static func sensitivity(
    of source: any CacheSource, layer: Int, parameters: SpectralParameters
  ) throws -> Sensitivity {
    let shape = source.description.geometry.layers[layer]
    let keys = try source.tensor(.key, layer: layer).floats()
    let values = try source.tensor(.value, layer: layer).floats()
    guard let problem = try problem(of: source, layer: layer)?.thinned(to: estimateQueries), shape.tokens > 0 else {
      return Sensitivity(noise: NoiseSensitivity(keys: inverseRMS(keys, shape), values: inverseRMS(values, shape)))
    }
    let plan = SegmentPlan(parameters, tokens: shape.tokens)
    var profile = [Float](repeating: 1, count: shape.tokens)
    for rows in plan.exact { for t in rows { profile[t] = 0 } }
    for segment in plan.segments { for t in segment.rows { profile[t] = plan.stepFactor(segment, .key) } }
    return Sensitivity(
      noise: try NoiseSensitivity(problem, keys: keys, values: values, profile: profile),
      masses: parameters.weightsValuesByAttention ? try ReferenceAttention.meanAttention(problem, keys: keys) : nil)
  }

  /// 1 / root mean square of each head: the weights of a cache without probe queries.
  private static func inverseRMS(_ values: [Float], _ shape: LayerGeometry) -> [Float] {
    let size = shape.tokens * shape.headDim
    return (0..<shape.kvHeads).map { head in
      let energy = values[head * size..<(head + 1) * size].reduce(0.0) { $0 + Double($1) * Double($1) }
      return energy > 0 ? Float((Double(size) / energy).squareRoot()) : 1
    }
  }
}

/// The rotations of a cache's keys, each made when it is first asked for: a file's header alone must not cost memory.
final class KeyRotations: @unchecked Sendable {
  private struct Key: Hashable {
    var rope: Int
    var first: Int
    var tokens: Int
  }

  private let ropes: [RotaryEmbedding]
  private let lock = NSLock()
  private var known: [Key: KeyRotation] = [:]
  private static let mostKept = 8

  init(_ description: CacheDescription) { ropes = description.ropes }

  /// The rotation of a group's keys; nil where none is known.
  func rotation(of group: LayerGroup) -> KeyRotation? {
    let rope = ropes[group.shape.ropeIndex]
    guard rope.pairing != .none else { return nil }
    let key = Key(rope: group.shape.ropeIndex, first: group.shape.firstPosition, tokens: group.shape.tokens)
    return lock.withLock {
      if let made = known[key] { return made }
      // Caches have one shape or two; a file that has many must not fill the memory.
      if known.count >= Self.mostKept { known.removeAll() }
      let made = KeyRotation(rope, firstPosition: key.first, count: key.tokens)
      known[key] = made
      return made
    }
  }
}
