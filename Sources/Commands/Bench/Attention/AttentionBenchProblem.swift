import CacheCodec
import ComputeKernels
import Fidelity
import FlashAttention
import KVCacheModel
import SpectralTransform

/// One layer of profile `fourier`, its queries and the ways to attend over it.
struct AttentionBenchProblem: AttentionBenchLayer {
  private let source: String
  private let keys: FourierParts
  private let values: FourierParts
  private let layer: FourierLayer
  private let problem: AttentionProblem
  /// The cache that dense attention reads.
  private let full: (keys: CacheTensor, values: CacheTensor)

  /// A made-up layer with one query a head at the last token.
  init(synthetic bench: AttentionBenchPipeline, tokens: Int) throws {
    var capture = SyntheticCapture()
    capture.layers = 1
    capture.kvHeads = bench.kvHeads
    capture.queryHeads = bench.queryHeads
    capture.headDim = bench.headDim
    capture.tokens = tokens
    var parameters = bench.parameters
    let exact = parameters.sinks + (parameters.window ?? 0)
    if tokens > exact, let states = parameters.states {
      parameters.period = SpectralGrid.period(atLeast: tokens - exact, frequencies: states / 2)
    }
    let (shape, settings, fraction) = (capture, parameters, bench.fraction)
    let made = try ParallelLoop.map(2) { index -> (CacheTensor, FourierParts, ProbeQueries) in
      let layer = SyntheticCapture.Layer(shape, layer: 0, kind: CacheKind.allCases[index])
      let tensor = layer.tensor
      return (tensor, FourierParts(tensor, settings, fraction: fraction), layer.queries(first: tokens - 1))
    }
    try self.init(
      source: "synthetic", keys: made[0].1, values: made[1].1, full: (made[0].0, made[1].0), queries: made[0].2,
      geometry: capture.description.geometry.layers[0], scale: capture.description.attentionScale, softcap: nil)
  }

  /// A layer of a file.
  init(_ cache: FKVCache, source: String, layer: Int) throws {
    let description = cache.description
    let shape = description.geometry.layers[layer]
    let keys = try cache.tensor(.key, layer: layer)
    let queries = AttentionBenchQueries.like(keys, shape)
    try self.init(
      source: source, keys: cache.fourierParts(.key, layer: layer),
      values: cache.fourierParts(.value, layer: layer), full: (keys, cache.tensor(.value, layer: layer)),
      queries: queries, geometry: shape, scale: description.attentionScale, softcap: description.attentionSoftcap)
  }

  private init(
    source: String, keys: FourierParts, values: FourierParts, full: (keys: CacheTensor, values: CacheTensor),
    queries: ProbeQueries, geometry: LayerGeometry, scale: Float, softcap: Float?
  ) throws {
    self.source = source
    self.keys = keys
    self.values = values
    self.full = full
    layer = try FourierLayer(keys: keys, values: values, geometry: geometry, scale: scale, softcap: softcap)
    problem = AttentionProblem(layer: geometry, queries: queries, scale: scale, softcap: softcap)
  }

  /// The same on a GPU, and its dense attention.
  func deviceVariants(_ driver: CUDADriver) throws -> (variants: [Variant], dense: DenseDevice) {
    let queries = problem.queries.elements
    let ours = try FourierDevice(
      driver: driver, keys: keys, values: values, geometry: problem.layer, scale: problem.scale,
      softcap: problem.softcap)
    try ours.setQueries(queries)
    let dense = try DenseDevice(
      driver: driver, keys: full.keys, values: full.values, geometry: problem.layer, scale: problem.scale)
    try dense.setQueries(queries)
    let exact = DecodedReference.outputs(problem, keys: full.keys.floats(), values: full.values.floats())
    let variants = [
      Variant(
        name: "ours", bytesRead: ours.byteCount,
        expected: DecodedReference.outputs(problem, keys: keys, values: values), step: { try ours.step() },
        run: {
          try ours.step()
          return try ours.outputs()
        }),
      Variant(
        name: "dense, 16 bit", bytesRead: dense.byteCount, expected: exact, step: { try dense.step() },
        run: {
          try dense.step()
          return try dense.outputs()
        }),
    ]
    return (variants, dense)
  }

  /// Ours first.
  var variants: [Variant] {
    let (problem, layer, keys, values) = (problem, layer, keys, values)
    let decoded = DecodedReference.outputs(problem, keys: keys, values: values)
    let wide = (full.keys.floats(), full.values.floats())
    let exact = DecodedReference.outputs(problem, keys: wide.0, values: wide.1)
    let floatBytes = 4 * (wide.0.count + wide.1.count)
    var variants = [
      Variant(name: "ours", bytesRead: layer.byteCount, expected: decoded) { layer.outputs(problem.queries) }
    ]
    if full.keys.elementType == full.values.elementType {
      let dense = DenseLayer(keys: full.keys, values: full.values, geometry: problem.layer)
      let name = full.keys.elementType == .float32 ? "dense, tiles" : "dense, 16 bit"
      variants.append(Variant(name: name, bytesRead: dense.byteCount, expected: exact) { dense.outputs(problem) })
    }
    let kept = layer.byteCount
    return variants + [
      Variant(name: "dense, 32 bit", bytesRead: floatBytes, expected: exact) {
        // The body of its loop does not throw.
        try! ReferenceAttention.outputs(problem, keys: wide.0, values: wide.1)
      },
      Variant(name: "decode, then dense", bytesRead: kept + 2 * floatBytes, expected: decoded) {
        let restored = try! ParallelLoop.map(2) { ($0 == 0 ? keys : values).restored().floats() }
        return try! ReferenceAttention.outputs(problem, keys: restored[0], values: restored[1])
      },
      Variant(name: "direct T·N·D", bytesRead: kept, expected: decoded) {
        DirectReconstruction.outputs(problem, keys: keys, values: values)
      },
    ]
  }

  func report(device: String, bandwidth: Double, rows: [AttentionBenchReport.Row]) -> AttentionBenchReport {
    let features = 2 * problem.layer.features
    return AttentionBenchReport(
      source: source, device: device, tokens: problem.layer.tokens,
      kvHeads: problem.layer.kvHeads, queryHeads: problem.layer.queryHeads, headDim: problem.layer.headDim,
      exactTokens: keys.sinks + keys.window,
      frequencies: keys.spectrum?.frequencies ?? values.spectrum?.frequencies ?? 0,
      spectralFraction: Double(keys.spectralFeatures.count + values.spectralFeatures.count) / Double(features),
      bandwidth: bandwidth, rows: rows)
  }
}
