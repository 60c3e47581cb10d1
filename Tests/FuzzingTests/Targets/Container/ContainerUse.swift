import FileIO
import FlashAttention
import KVCacheModel

@testable import CacheCodec

/// What is done with a cache's file besides decoding it.
extension ContainerTargets {
  /// A cache made longer by three tokens. Where all of it was decoded before, the longer one is decoded too.
  static let appending = FuzzTarget(
    name: "append", mostBytes: 8192, memory: MemoryCap(fixed: MemoryCap.layers, perByte: 64),
    seeds: { try seeds(most: 4600) }, mutation: { ContainerChanges.mutated($0, &$1) },
    mayThrow: { isFormatError($0) || $0 is CacheExtensionError },
    run: { bytes, declared in
      let cache = try opened(bytes)
      guard cache.description.geometry.layers.count <= 8, try isSmall(cache, &declared) else { return }
      declared *= 4
      let following = FollowingTokens(cache.description, count: 3)
      let extender = try CacheExtender(cache, with: following, writer: "fuzz", unchecked: true)
      let before = Result { try cache.decodeAll() }
      let longerFile = MemoryDestination()
      _ = try extender.write(to: longerFile)
      guard case .success(let old) = before else { return }
      do {
        let longer = try longerFile.bytes!.withUnsafeBytes { try opened($0).decodeAll() }
        guard longer.description.geometry == extender.description.geometry else {
          throw FuzzFinding("append: \(longer.description.geometry)")
        }
        // Coefficients of profile fourier stand for more tokens now.
        guard cache.header.profile == .lossless else { return }
        for (layer, tensor) in old.keys.enumerated() where longer.keys[layer].rows(0..<tensor.tokens) != tensor {
          throw FuzzFinding("append: layer \(layer) has other keys than before")
        }
      } catch let error where isFormatError(error) {
        throw FuzzFinding("append: the longer file is refused: \(error)")
      }
    })

  /// Attention from what files of profiles `fourier` and `spectral` keep.
  static let attention = FuzzTarget(
    name: "attention", mostBytes: 8192, memory: MemoryCap(fixed: MemoryCap.layers, perDeclared: 16),
    seeds: {
      try seeds(most: 6000).filter { bytes in
        let kinds = ContainerParts(bytes)?.sections.map(\.kind) ?? []
        return kinds.contains { (32...51).contains($0) }
      }
    }, mutation: { ContainerChanges.mutated($0, &$1) },
    mayThrow: { isFormatError($0) || $0 is FlashAttentionError },
    run: { bytes, declared in
      let cache = try opened(bytes)
      let layers = cache.description.geometry.layers
      guard layers.count <= 8, try isSmall(cache, &declared) else { return }
      for (layer, shape) in layers.enumerated().prefix(2) where shape.queryHeads * shape.headDim <= 1024 {
        let count = 2
        declared += 64 * shape.queryHeads * (shape.headDim + shape.tokens)
        let queries = ProbeQueries(
          heads: shape.queryHeads, count: count, headDim: shape.headDim,
          firstPosition: max(0, shape.endPosition - count),
          elements: [Float](repeating: 0.5, count: shape.queryHeads * count * shape.headDim))
        let outputs =
          cache.header.profile == .fourier
          ? try FourierLayer(cache, layer: layer).outputs(queries)
          : try SpectralLayer(cache, layer: layer).outputs(queries)
        guard outputs.count == queries.elements.count else {
          throw FuzzFinding("attention: \(outputs.count) numbers for \(queries.elements.count)")
        }
      }
    })

  /// Whether decoding all of a cache is little work; adds what that declares.
  private static func isSmall(_ cache: FKVCache, _ declared: inout Int) throws -> Bool {
    for group in cache.layerGroups.indices {
      for kind in CacheKind.allCases {
        guard try CacheWork(cache, kind, group: group, declared: &declared).isSmall else { return false }
      }
    }
    return true
  }
}

/// Tokens that follow a cache, whatever it is.
struct FollowingTokens: CacheSource {
  let description: CacheDescription

  init(_ cache: CacheDescription, count: Int) {
    var description = cache
    description.tokens = nil
    for (index, layer) in cache.geometry.layers.enumerated() where layer.tokens > 0 {
      description.geometry.layers[index].firstPosition = layer.endPosition
      description.geometry.layers[index].tokens = count
    }
    self.description = description
  }

  func tensor(_ kind: CacheKind, layer: Int) -> CacheTensor {
    let shape = description.geometry.layers[layer]
    return CacheTensor(
      values: (0..<shape.elementCount).map { Float($0 % 17) - 8 }, kvHeads: shape.kvHeads, tokens: shape.tokens,
      headDim: shape.headDim, elementType: description.elementType(of: kind))
  }

  func probeQueries(layer: Int) -> ProbeQueries? { nil }
}
