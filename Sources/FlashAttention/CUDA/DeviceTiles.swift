import CacheCodec
import KVCacheModel

/// Exact features of the middle in half precision in the order of the kernels: head by head [tile][feature][token in
/// tile].
struct DeviceTiles {
  private(set) var numbers: [UInt16] = []
  /// For each head: how many features, and where it begins, in units of a tile's tokens.
  private(set) var features: [Int] = []
  private(set) var starts: [Int] = []

  /// Tokens of a tile: TILE of `common.cu`.
  static let tokens = 512

  init(_ parts: FourierParts, _ features: FourierFeatures) {
    let halves = DeviceRows.halves(parts.exactBytes, parts.edge.elementType)
    let tiles = (parts.middle + Self.tokens - 1) / Self.tokens
    var place = 0
    for own in features.exact {
      let base = numbers.count
      self.features.append(own.count)
      starts.append(base / Self.tokens)
      numbers += [UInt16](repeating: 0, count: tiles * own.count * Self.tokens)
      for f in own.indices {
        let column = (place + f) * parts.middle
        for tile in 0..<tiles {
          let tokens = tile * Self.tokens..<min((tile + 1) * Self.tokens, parts.middle)
          let target = base + (tile * own.count + f) * Self.tokens
          numbers.replaceSubrange(
            target..<target + tokens.count, with: halves[column + tokens.lowerBound..<column + tokens.upperBound])
        }
      }
      place += own.count
    }
  }
}
