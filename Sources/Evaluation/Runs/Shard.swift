/// One of several runs that share the cells of an evaluation: `2/4` is the second of four.
public struct Shard: Hashable, Sendable, CustomStringConvertible {
  /// 1…`count`.
  public let index: Int
  /// 1 or more.
  public let count: Int

  /// The shard that takes everything.
  public static let whole = Shard(index: 1, count: 1)!

  /// A shard; nil unless 1 ≤ `index` ≤ `count`.
  public init?(index: Int, count: Int) {
    guard index >= 1, index <= count else { return nil }
    self.index = index
    self.count = count
  }

  /// The shard that `i/n` names; nil for any other text.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]) else { return nil }
    self.init(index: index, count: count)
  }

  /// `i/n`.
  public var description: String { "\(index)/\(count)" }

  /// Every `count`-th of the cells, from the `index`-th on: each cell is in one of the `count` shards, and shards differ
  /// by one cell at most. Depends on the order of the cells only.
  public func part<Cell>(of cells: [Cell]) -> [Cell] {
    stride(from: index - 1, to: cells.count, by: count).map { cells[$0] }
  }
}
