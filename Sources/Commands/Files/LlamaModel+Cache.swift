import KVCacheModel
import LlamaEngine

extension LlamaModel {
  /// Loads the model that a cache is to be used with.
  ///
  /// - Throws: as `init(path:)` does; `EngineError.modelMismatch` with both fingerprints if the cache is of another model.
  ///   An unknown fingerprint is no difference.
  convenience init(path: String, for cache: CacheDescription) throws {
    try self.init(path: path)
    let (own, others) = (cache.model, identity)
    guard isOwn(own) else {
      throw EngineError.modelMismatch(
        cache: "\(own.name) (\(own.fingerprint))", session: "\(others.name) (\(others.fingerprint))")
    }
  }
}
