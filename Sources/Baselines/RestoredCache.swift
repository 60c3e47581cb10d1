import KVCacheModel

/// What a baseline gives back.
public struct RestoredCache: Sendable {
  public var cache: MemoryCache
  /// By layer: the rows that the method dropped. Attention does not see them; their numbers are 0. Empty where all
  /// rows are there.
  public var droppedRows: [Range<Int>]

  /// A cache of `tensors` in layer order, without probe queries; no layer drops rows unless `droppedRows` says so.
  public init(
    description: CacheDescription, keys: [CacheTensor], values: [CacheTensor], droppedRows: [Range<Int>]? = nil
  ) {
    cache = MemoryCache(description: description, keys: keys, values: values)
    self.droppedRows = droppedRows ?? Array(repeating: 0..<0, count: keys.count)
  }
}
