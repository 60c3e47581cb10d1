import FKVFormat
import KVCacheModel

extension FKVCache {
  /// Keys or values of a group of layers as far as their sections are whole, and what is lost. Lost rows are 0; all others
  /// are those that `tensor(_:layer:)` gives of the undamaged file, bit for bit.
  ///
  /// - Throws: what is no damage: `CodecError.basisNeeded`, `.memoryLimit`, `.workLimit`.
  public func salvage(
    _ kind: CacheKind, group: Int
  ) throws -> (tensors: [CacheTensor], losses: [SalvageLoss]) {
    let layers = layerGroups[group]
    let shape = description.geometry.layers[layers.lowerBound]
    if let spectral { return try spectral.salvage(kind, group: group) }
    do {
      if header.profile == .lossless, shape.elementCount > 0 {
        let parts = try LosslessLayer(
          salvaging: kind, layer: layers.lowerBound, shape: shape, elementType: description.elementType(of: kind),
          reader: reader)
        try checkLossless(parts, kind, layers.lowerBound)
        return try parts.salvage(reader, kind: kind, layer: layers.lowerBound)
      }
      return ([try tensor(kind, layer: layers.lowerBound)], [])
    } catch {
      try CodecError.rethrowUnlessDamage(error)
      let size = shape.elementCount * description.elementType(of: kind).byteCount
      let zeros = CacheTensor(
        kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim,
        elementType: description.elementType(of: kind), bytes: [UInt8](repeating: 0, count: size))
      return ([zeros], [SalvageLoss(kind: kind, layers: layers, rows: 0..<shape.tokens, error: error)])
    }
  }
}

extension CodecError {
  /// Throws an error that says nothing of the file's state: another basis file, or other limits, would do.
  static func rethrowUnlessDamage(_ error: any Error) throws {
    switch error as? CodecError {
    case .basisNeeded, .memoryLimit, .workLimit: throw error
    default: return
    }
  }
}
