import CacheCodec
import ComputeKernels
import KVCacheModel
import SpectralTransform

/// What a reloaded cache keeps along tokens: spectra, and errors by depth. One pass over both caches, some layers at a
/// time.
struct CacheSurvey {
  private(set) var spectra: [TokenSpectrum] = []
  private(set) var depth: DepthErrors

  /// What one layer gives.
  private struct Layer: Sendable {
    /// In the order of `signals`.
    var spectra: [LayerSpectrum] = []
    /// Keys, then values.
    var depth: [[Double?]] = []
  }

  /// - Parameter progress: called with layers done and layers in all.
  /// - Throws: what the caches throw.
  init(_ cache: NamedFKVCache, with full: any CacheSource, progress: (Int, Int) -> Void) throws {
    let geometry = full.description.geometry
    let ropes = full.description.ropes
    let isRotated = geometry.layers.contains { ropes[$0.ropeIndex].pairing != .none }
    let isFourier = cache.cache.header.profile == .fourier
    let signals: [TokenSpectrum.Signal] = [.plainKeys] + (isFourier && isRotated ? [.cachedKeys] : []) + [.values]
    let rows = try geometry.layers.indices.map { layer in
      try CacheKind.allCases.map { try cache.middle($0, layer: layer) }
    }
    let bands = FrequencyBands(length: rows.joined().map(\.count).max() ?? 0)
    var sums = signals.map { TokenSpectrumSum($0, bands: bands) }
    var (keys, values): ([[Double?]], [[Double?]]) = ([], [])
    let buckets = DepthErrors(end: geometry.endPosition)
    depth = buckets
    try ParallelLoop.ordered(
      geometry.layers.count,
      produce: { layer in
        try Self.survey(
          layer, of: geometry.layers[layer], rope: ropes[geometry.layers[layer].ropeIndex], signals: signals,
          rows: rows[layer], buckets: buckets.buckets, cache: cache, full: full)
      },
      consume: { layer, found in
        for index in signals.indices { sums[index].add(found.spectra[index]) }
        keys.append(found.depth[0])
        values.append(found.depth[1])
        progress(layer + 1, geometry.layers.count)
      })
    spectra = sums.compactMap(\.spectrum)
    depth.keys = DepthSums.mean(keys, count: depth.buckets.count)
    depth.values = DepthSums.mean(values, count: depth.buckets.count)
  }

  private static func survey(
    _ layer: Int, of shape: LayerGeometry, rope: RotaryEmbedding, signals: [TokenSpectrum.Signal],
    rows: [Range<Int>], buckets: [Range<Int>], cache: NamedFKVCache, full: any CacheSource
  ) throws -> Layer {
    var result = Layer()
    for (kind, rows) in zip(CacheKind.allCases, rows) {
      var own = try full.tensor(kind, layer: layer).floats()
      var restored = try cache.tensor(kind, layer: layer).floats()
      result.depth.append(
        DepthSums(
          full: own, restored: restored, kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim,
          firstPosition: shape.firstPosition, buckets: buckets
        ).errors)
      func spectrum() -> LayerSpectrum {
        LayerSpectrum(
          full: own, restored: restored, kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim,
          rows: rows)
      }
      guard kind == .key else {
        result.spectra.append(spectrum())
        continue
      }
      let cached = signals.contains(.cachedKeys) ? [spectrum()] : []
      let rotation = KeyRotation(rope, firstPosition: shape.firstPosition, count: shape.tokens)
      unrotate(&own, shape, rotation)
      unrotate(&restored, shape, rotation)
      result.spectra += [spectrum()] + cached
    }
    return result
  }

  /// Undoes the rotation of a layer's keys, (H, T, D).
  private static func unrotate(_ keys: inout [Float], _ shape: LayerGeometry, _ rotation: KeyRotation) {
    guard shape.elementCount > 0 else { return }
    keys.withUnsafeMutableBufferPointer {
      for head in 0..<shape.kvHeads {
        rotation.unrotate(
          $0.baseAddress! + head * shape.tokens * shape.headDim, rows: shape.tokens, stride: shape.headDim)
      }
    }
  }
}

extension NamedFKVCache {
  func middle(_ kind: CacheKind, layer: Int) throws -> Range<Int> {
    try FileFailure.naming(cache.reader.name) { try cache.middle(kind, layer: layer) }
  }
}
