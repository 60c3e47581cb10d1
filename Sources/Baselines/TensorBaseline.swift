import CacheCodec
import ComputeKernels
import KVCacheModel

/// A baseline that codes keys and values of each layer by themselves.
public protocol TensorBaseline: Baseline {
  /// The bytes of one tensor.
  func encode(_ tensor: CacheTensor, at place: TensorPlace) throws -> [UInt8]
  /// The tensor that `bytes` hold.
  func decode(_ bytes: [UInt8], at place: TensorPlace) throws -> CacheTensor
}

/// Which tensor of which cache.
public struct TensorPlace: Sendable, CustomStringConvertible {
  public let kind: CacheKind
  public let layer: Int
  /// L.
  public let layers: Int
  public let geometry: LayerGeometry
  public let elementType: ElementType

  /// The place of `kind` in layer `layer` of a cache.
  public init(_ kind: CacheKind, layer: Int, of description: CacheDescription) {
    self.kind = kind
    self.layer = layer
    layers = description.geometry.layers.count
    geometry = description.geometry.layers[layer]
    elementType = description.elementType(of: kind)
  }

  public var description: String { "layer \(layer) \(kind.name)s" }

  /// A tensor of this place, `values` (H, T, D) rounded to its element type.
  public func tensor(_ values: [Float]) -> CacheTensor {
    CacheTensor(
      values: values, kvHeads: geometry.kvHeads, tokens: geometry.tokens, headDim: geometry.headDim,
      elementType: elementType)
  }
}

extension TensorBaseline {
  /// Keys, then values of each layer in layer order, each after its byte count (u32).
  public func encode(_ cache: any CacheSource) throws -> [UInt8] {
    let description = cache.description
    var writer = BaselineWriter()
    try ParallelLoop.ordered(
      2 * description.geometry.layers.count,
      produce: { index -> [UInt8] in
        let place = TensorPlace(CacheKind.allCases[index % 2], layer: index / 2, of: description)
        return try encode(cache.tensor(place.kind, layer: place.layer), at: place)
      },
      consume: { _, bytes in
        writer.add(UInt32(bytes.count))
        writer.add(bytes)
      })
    return writer.bytes
  }

  public func decode(_ bytes: [UInt8], description: CacheDescription) throws -> RestoredCache {
    let count = 2 * description.geometry.layers.count
    var reader = BaselineReader(bytes, place: method)
    var parts: [[UInt8]] = []
    for _ in 0..<count { parts.append(Array(try reader.take(Int(try reader.number(UInt32.self))))) }
    try reader.finish()
    let all = parts
    let tensors = try ParallelLoop.map(count) { index in
      try decode(all[index], at: TensorPlace(CacheKind.allCases[index % 2], layer: index / 2, of: description))
    }
    return RestoredCache(
      description: description, keys: stride(from: 0, to: count, by: 2).map { tensors[$0] },
      values: stride(from: 1, to: count, by: 2).map { tensors[$0] })
  }
}
