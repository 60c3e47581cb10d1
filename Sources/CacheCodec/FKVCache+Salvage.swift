import KVCacheModel

extension FKVCache {
  /// Keys or values of a group of layers as far as their sections are whole, and what is lost. Lost rows are 0; all others
  /// are those that `tensor(_:layer:)` gives of the undamaged file, bit for bit.
  ///
  /// - Throws: what is no damage: `CodecError.basisNeeded`, `.memoryLimit`, `.workLimit`.
  public func salvage(
    _ kind: CacheKind, group: Int
  ) throws -> (tensors: [CacheTensor], losses: [SalvageLoss]) {
    try profileReader.salvage(kind, group: group)
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
