import CKernels

/// How numbers of `TokenTiles` are stored; raw values are the codes of KVCacheModel's `ElementType`.
public enum TileElement: UInt8, Hashable, Sendable, CaseIterable {
  case half = 1
  case bfloat = 2
  case float = 3

  /// Bytes of one number: 2, 2, 4.
  public var byteCount: Int { self == .float ? 4 : 2 }
}

/// Keys or values of one head's tokens in the order in which `AttentionPass` reads them.
///
/// Token t is row t mod R of cell ⌊t / R⌋; 16 cells make a tile and lie side by side, so that a vector holds one feature
/// of tokens that are R apart. Tokens that were never stored are 0.
public struct TokenTiles: Sendable {
  /// The order of features: keys go feature by feature within a row, values row by row within four features.
  public enum Order: Sendable { case keys, values }

  public let order: Order
  /// Features of a token.
  public let features: Int
  /// R.
  public let rows: Int
  public let element: TileElement
  /// Tiles that there is room for.
  public private(set) var tiles = 0
  private var bytes = AlignedBytes(count: 0)

  /// Cells of a tile.
  public static let lanes = Int(fkv_attend_lanes)

  /// No tokens yet.
  public init(_ order: Order, features: Int, rows: Int, element: TileElement) {
    precondition(features >= 0 && rows > 0)
    self.order = order
    self.features = features
    self.rows = rows
    self.element = element
  }

  /// Tokens of a tile: 16·R.
  public var tileTokens: Int { Self.lanes * rows }

  /// Bytes of all tiles.
  public var byteCount: Int { tiles * tileTokens * features * element.byteCount }

  /// Tiles that `count` tokens take.
  public func tiles(for count: Int) -> Int { (count + tileTokens - 1) / tileTokens }

  /// Makes room for tokens 0 ..< `count`; what is stored stays.
  ///
  /// - Parameter exactly: false takes up to twice the room, so that adding tokens one by one costs O(1) each.
  public mutating func reserve(_ count: Int, exactly: Bool = true) {
    let needed = tiles(for: count)
    guard needed > tiles else { return }
    tiles = exactly ? needed : max(needed, 2 * tiles)
    bytes.grow(to: byteCount)
  }

  /// Index of a number, counted in numbers.
  private func index(token: Int, feature: Int) -> Int {
    let (cell, row) = (token / rows, token % rows)
    let (tile, lane) = (cell / Self.lanes, cell % Self.lanes)
    switch order {
    case .keys: return ((tile * rows + row) * features + feature) * Self.lanes + lane
    case .values:
      let first = feature & ~3
      let block = min(4, features - first)
      let start = (tile * features + first) * rows
      return (start + row * block + feature - first) * Self.lanes + lane
    }
  }

  /// Stores one feature of tokens `start` … `start + count` − 1, whose numbers lie `stride` bytes apart.
  ///
  /// - Precondition: there is room, and `source` holds numbers of `element`.
  public mutating func store(
    _ source: UnsafeRawPointer, stride: Int, count: Int, at start: Int, feature: Int
  ) {
    precondition(start >= 0 && start + count <= tiles * tileTokens && (0..<features).contains(feature))
    let (shape, size) = (self, element.byteCount)
    bytes.withMutableBytes { target in
      for i in 0..<count {
        let place = target + shape.index(token: start + i, feature: feature) * size
        place.copyMemory(from: source + i * stride, byteCount: size)
      }
    }
  }

  /// Writes one token's features, `features` numbers of `element` one after the other.
  public func load(token: Int, into target: UnsafeMutableRawPointer) {
    precondition(token >= 0 && token < tiles * tileTokens)
    let size = element.byteCount
    bytes.withBytes { source in
      for feature in 0..<features {
        (target + feature * size).copyMemory(
          from: source + index(token: token, feature: feature) * size, byteCount: size)
      }
    }
  }

  func withBytes<Result>(_ body: (UnsafeRawPointer) throws -> Result) rethrows -> Result {
    try bytes.withBytes(body)
  }
}
