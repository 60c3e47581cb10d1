import KVCacheModel

extension MemoryCache {
  /// What a cache holds of a range of positions: rows and token ids. Probe queries stay if the range reaches the cache's
  /// end, where they belong.
  public func positions(_ range: Range<Int>) -> MemoryCache {
    var part = self
    for (layer, shape) in description.geometry.layers.enumerated() {
      let held = range.clamped(to: shape.firstPosition..<shape.endPosition)
      let rows = held.lowerBound - shape.firstPosition..<held.upperBound - shape.firstPosition
      part.keys[layer] = keys[layer].rows(rows)
      part.values[layer] = values[layer].rows(rows)
      part.description.geometry.layers[layer].firstPosition = held.lowerBound
      part.description.geometry.layers[layer].tokens = held.count
    }
    part.description.tokens = description.tokens.map { Array($0[range]) }
    if range.upperBound < description.geometry.endPosition {
      part.queries = []
      part.description.probeQueries = 0
    }
    return part
  }
}
