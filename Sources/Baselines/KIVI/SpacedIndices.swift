/// `count` indices, `step` apart.
struct SpacedIndices: Sequence, IteratorProtocol {
  private var index: Int
  private var left: Int
  private let step: Int

  init(first: Int, count: Int, step: Int) {
    index = first
    left = count
    self.step = step
  }

  /// How many are still to come.
  var count: Int { left }

  mutating func next() -> Int? {
    guard left > 0 else { return nil }
    defer {
      index += step
      left -= 1
    }
    return index
  }
}
