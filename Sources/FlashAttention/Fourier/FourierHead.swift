import CacheCodec
import ComputeKernels
import KVCacheModel

/// The exact numbers of one KV head.
struct FourierHead: Sendable {
  var sinkKeys: TokenTiles
  var sinkValues: TokenTiles
  /// Exact features of the middle.
  var middleKeys: TokenTiles
  var middleValues: TokenTiles
  /// The window from `FourierLayer.windowStart` on; tokens before that have left it.
  var windowKeys: TokenTiles
  var windowValues: TokenTiles

  /// R of tokens that are not interpolated.
  static let plainRows = 16

  init(
    _ head: Int, keys: FourierParts, values: FourierParts, layout: (FourierFeatures, FourierFeatures),
    geometry: LayerGeometry, rows: Int, element: TileElement
  ) {
    let d = geometry.headDim
    sinkKeys = TokenTiles(.keys, features: d, rows: 1, element: element)
    sinkValues = TokenTiles(.values, features: d, rows: 1, element: element)
    windowKeys = TokenTiles(.keys, features: d, rows: Self.plainRows, element: element)
    windowValues = TokenTiles(.values, features: d, rows: Self.plainRows, element: element)
    middleKeys = TokenTiles(.keys, features: layout.0.exact[head].count, rows: rows, element: element)
    middleValues = TokenTiles(.values, features: layout.1.exact[head].count, rows: rows, element: element)
    for (parts, features, paths) in [
      (keys, layout.0, (\FourierHead.sinkKeys, \FourierHead.middleKeys, \FourierHead.windowKeys)),
      (values, layout.1, (\FourierHead.sinkValues, \FourierHead.middleValues, \FourierHead.windowValues)),
    ] {
      let type = parts.edge.elementType
      self[keyPath: paths.0].reserve(parts.sinks)
      self[keyPath: paths.1].reserve(parts.middle)
      self[keyPath: paths.2].reserve(parts.window)
      let size = type.byteCount
      parts.edge.bytes.withUnsafeBytes { edge in
        guard !edge.isEmpty else { return }
        let base = edge.baseAddress! + head * (parts.sinks + parts.window) * d * size
        for i in 0..<d {
          self[keyPath: paths.0].store(base + i * size, of: type, stride: d, count: parts.sinks, at: 0, feature: i)
          self[keyPath: paths.2].store(
            base + (parts.sinks * d + i) * size, of: type, stride: d, count: parts.window, at: 0, feature: i)
        }
      }
      // Exact features of the heads before this one come first.
      let before = features.exact[..<head].reduce(0) { $0 + $1.count }
      parts.exactBytes.withUnsafeBytes { exact in
        guard !exact.isEmpty else { return }
        for i in features.exact[head].indices {
          self[keyPath: paths.1].store(
            exact.baseAddress! + (before + i) * parts.middle * size, of: type, stride: 1, count: parts.middle, at: 0,
            feature: i)
        }
      }
    }
  }
}

extension TokenTiles {
  /// Stores one feature of tokens whose numbers of `type` lie `stride` numbers apart, widened where the tiles hold
  /// another type.
  mutating func store(
    _ source: UnsafeRawPointer, of type: ElementType, stride: Int, count: Int, at start: Int, feature: Int
  ) {
    guard TileElement(type) != element else {
      store(source, stride: stride * element.byteCount, count: count, at: start, feature: feature)
      return
    }
    precondition(element == .float, "only single precision holds other types")
    let size = type.byteCount
    let bytes = (0..<count).flatMap { UnsafeRawBufferPointer(start: source + $0 * stride * size, count: size) }
    let wide = CacheTensor(kvHeads: 1, tokens: count, headDim: 1, elementType: type, bytes: bytes).floats()
    wide.withUnsafeBytes {
      guard count > 0 else { return }
      store($0.baseAddress!, stride: element.byteCount, count: count, at: start, feature: feature)
    }
  }
}
