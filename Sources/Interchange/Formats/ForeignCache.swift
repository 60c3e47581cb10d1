import KVCacheModel

/// An opened file of any format: what it says of its cache, and its tensors.
///
/// Calls may come from several threads at once.
public protocol ForeignCache: Sendable {
  /// What the file says, and what it leaves open.
  var facts: ForeignFacts { get }

  /// Keys or values of one layer, tokens in order of position, in the shape and element type that `facts` say; as
  /// exact as an `ElementType` can be (what was quantised comes as Float32). Keys keep the file's own layout.
  ///
  /// - Throws: errors that name the file.
  func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor

  /// The layer's probe queries; nil where the file has none.
  func probeQueries(layer: Int) throws -> ProbeQueries?
}

extension ForeignCache {
  public func probeQueries(layer: Int) throws -> ProbeQueries? { nil }
}
