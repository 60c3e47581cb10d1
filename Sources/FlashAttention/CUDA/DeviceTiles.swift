import CacheCodec
import ComputeKernels
import KVCacheModel

/// Numbers of tokens in half precision in the order of the kernels: head by head [tile][feature][token in tile].
struct DeviceTiles {
  private(set) var numbers: [UInt16] = []
  /// For each head: how many features, and where it begins, in units of a tile's tokens.
  private(set) var features: [Int] = []
  private(set) var starts: [Int] = []
  let tileTokens: Int

  init(tileTokens: Int) { self.tileTokens = tileTokens }

  /// Adds a head: the numbers of each feature over all tokens.
  mutating func add(_ columns: [[UInt16]], tokens: Int) {
    let tiles = (tokens + tileTokens - 1) / tileTokens
    features.append(columns.count)
    starts.append(numbers.count / tileTokens)
    let base = numbers.count
    numbers += [UInt16](repeating: 0, count: tiles * columns.count * tileTokens)
    for (f, column) in columns.enumerated() {
      for tile in 0..<tiles {
        let own = tile * tileTokens..<min((tile + 1) * tileTokens, tokens)
        let target = base + (tile * columns.count + f) * tileTokens
        numbers.replaceSubrange(target..<target + own.count, with: column[own])
      }
    }
  }

  /// Exact features of the middle.
  init(middle parts: FourierParts, _ features: FourierFeatures, tileTokens: Int) {
    self.init(tileTokens: tileTokens)
    let halves = Self.halves(parts.exactBytes, parts.edge.elementType)
    var place = 0
    for own in features.exact {
      let columns = own.indices.map { Array(halves[(place + $0) * parts.middle..<(place + $0 + 1) * parts.middle]) }
      add(columns, tokens: parts.middle)
      place += own.count
    }
  }

  /// All features of the tokens of a tensor.
  init(_ tensor: CacheTensor, tileTokens: Int) {
    self.init(tileTokens: tileTokens)
    let halves = Self.halves(tensor.bytes, tensor.elementType)
    let (t, d) = (tensor.tokens, tensor.headDim)
    for head in 0..<tensor.kvHeads {
      add((0..<d).map { i in (0..<t).map { halves[(head * t + $0) * d + i] } }, tokens: t)
    }
  }

  private static func halves(_ bytes: [UInt8], _ type: ElementType) -> [UInt16] {
    let half = type == .float16
    let count = bytes.count / type.byteCount
    let source =
      half
      ? bytes
      : StoredElements.narrowHalf(
        CacheTensor(kvHeads: 1, tokens: count, headDim: 1, elementType: type, bytes: bytes).floats())
    return source.withUnsafeBytes { raw in
      (0..<count).map { raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self) }
    }
  }
}
