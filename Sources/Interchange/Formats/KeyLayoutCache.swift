import KVCacheModel

/// A cache with each head's elements in the order in which other pairs rotate: the same keys and queries, permuted.
///
/// Pair i of n is elements (2i, 2i+1) or (i, i+n). Going from one to the other moves elements and changes none, so that
/// going back gives the same bytes, and q·k is the same sum in another order. Values have no pairs and stay.
public struct KeyLayoutCache: CacheSource {
  public let description: CacheDescription
  private let source: any CacheSource
  /// For each layer, from which element of a head each element comes; nil where nothing moves.
  private let origins: [[Int]?]

  /// `source` with keys and queries that rotate the pairs `pairing`, which is not `none`.
  ///
  /// Layers without a rotary embedding are permuted like the first that has one, or as whole heads where none has:
  /// converters permute the weights of all layers alike. Embeddings that have that pairing already stay.
  public init(_ source: any CacheSource, pairing: RotaryEmbedding.Pairing) {
    precondition(pairing != .none, "keys without pairs have no other layout")
    var description = source.description
    let rotated = description.ropes.first { $0.pairing != .none }
    origins = description.geometry.layers.map { layer in
      let own = description.ropes[layer.ropeIndex]
      let rope = own.pairing == .none ? rotated : own
      guard rope?.pairing != pairing else { return nil }
      let dimensions = min(rope?.dimensions ?? layer.headDim, layer.headDim)
      return Self.origins(headDim: layer.headDim, rotated: dimensions, to: pairing)
    }
    for index in description.ropes.indices where description.ropes[index].pairing != .none {
      description.ropes[index].pairing = pairing
    }
    self.source = source
    self.description = description
  }

  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    var tensor = try source.tensor(kind, layer: layer)
    guard kind == .key, let origins = origins[layer] else { return tensor }
    let size = tensor.elementType.byteCount
    let headBytes = tensor.headDim * size
    tensor.bytes = [UInt8](unsafeUninitializedCapacity: tensor.bytes.count) { target, count in
      tensor.bytes.withUnsafeBufferPointer { bytes in
        for head in stride(from: 0, to: bytes.count, by: headBytes) {
          for (element, origin) in origins.enumerated() {
            for byte in 0..<size { target[head + element * size + byte] = bytes[head + origin * size + byte] }
          }
        }
      }
      count = tensor.bytes.count
    }
    return tensor
  }

  public func probeQueries(layer: Int) throws -> ProbeQueries? {
    guard var queries = try source.probeQueries(layer: layer), let origins = origins[layer] else {
      return try source.probeQueries(layer: layer)
    }
    let elements = queries.elements
    for head in stride(from: 0, to: elements.count, by: queries.headDim) {
      for (element, origin) in origins.enumerated() { queries.elements[head + element] = elements[head + origin] }
    }
    return queries
  }

  /// Where each element of a head comes from, going to `pairing` from the other one.
  ///
  ///     to half-split:   y[i] = x[2i], y[i + n] = x[2i + 1]
  ///     to interleaved:  y[2i] = x[i], y[2i + 1] = x[i + n]      i = 0 ..< n = rotated / 2
  ///
  /// Elements from `rotated` on stay.
  static func origins(headDim: Int, rotated: Int, to pairing: RotaryEmbedding.Pairing) -> [Int] {
    let half = rotated / 2
    return (0..<headDim).map { element in
      guard element < 2 * half else { return element }
      if pairing == .halfSplit { return element < half ? 2 * element : 2 * (element - half) + 1 }
      return element % 2 == 0 ? element / 2 : half + element / 2
    }
  }
}
