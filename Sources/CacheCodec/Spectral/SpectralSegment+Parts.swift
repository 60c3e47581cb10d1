import KVCacheModel

extension SpectralSegment {
  /// Blocks that a part has at least: its models and its section cost more than shorter ones save.
  private static let fewestBlocks = 4
  /// Parts that a segment is cut into at most: where more would be needed, all of it is kept exactly.
  private static let mostParts = 16

  /// The segment without the blocks that `isUnfit` marks: the runs of blocks between them, and the rows that are in none.
  ///
  /// - Parameter isUnfit: one a block; empty where all fit, which gives the segment itself.
  func parts(without isUnfit: [Bool], blockLength: Int) -> (segments: [SpectralSegment], exact: [Range<Int>]) {
    guard isUnfit.contains(true) else { return ([self], []) }
    var runs: [Range<Int>] = []
    for block in isUnfit.indices where !isUnfit[block] {
      if let last = runs.last, last.upperBound == block {
        runs[runs.count - 1] = last.lowerBound..<block + 1
      } else {
        runs.append(block..<block + 1)
      }
    }
    runs.removeAll { $0.count < Self.fewestBlocks }
    guard !runs.isEmpty, runs.count <= Self.mostParts else { return ([], [rows]) }
    let parts = runs.map { part(blocks: $0, blockLength: blockLength) }
    let starts = [rows.lowerBound] + parts.map(\.rows.upperBound)
    let ends = parts.map(\.rows.lowerBound) + [rows.upperBound]
    return (parts, zip(starts, ends).filter { $0 < $1 }.map { $0..<$1 })
  }

  /// The segment of some of the blocks, with no more components than these need.
  private func part(blocks run: Range<Int>, blockLength n: Int) -> SpectralSegment {
    let blocks = Self.blocks(rows: rows.count, blockLength: n)
    var part = self
    part.rows = rows.lowerBound + run.lowerBound * n..<min(rows.lowerBound + run.upperBound * n, rows.upperBound)
    part.blockCodes = blockCodes.isEmpty ? [] : Array(blockCodes[run])
    part.symbols = []
    part.symbols.reserveCapacity(components * n * run.count)
    for row in 0..<components * n {
      part.symbols += symbols[row * blocks + run.lowerBound..<row * blocks + run.upperBound]
    }
    part.dropTrailingComponents(blockLength: n)
    return part
  }

  /// Drops the last components as far as they have no coefficient.
  private mutating func dropTrailingComponents(blockLength: Int) {
    let size = blockLength * Self.blocks(rows: rows.count, blockLength: blockLength)
    components = symbols.lastIndex { $0 != 0 }.map { $0 / size + 1 } ?? 0
    symbols.removeLast(symbols.count - components * size)
  }

  /// Sets rows (a component at a frequency) with few non-zero coefficients to zero: they cost more than they bring, unless
  /// one of them is large.
  mutating func dropSparseRows(blockLength: Int, below density: Double) {
    let blocks = Self.blocks(rows: rows.count, blockLength: blockLength)
    guard blocks > 0 else { return }
    symbols.withUnsafeMutableBufferPointer { symbols in
      for row in 0..<components * blockLength {
        let own = UnsafeMutableBufferPointer(rebasing: symbols[row * blocks..<(row + 1) * blocks])
        let count = own.count { $0 != 0 }
        if count > 0, Double(count) < density * Double(blocks), own.allSatisfy({ $0.magnitude < Self.large }) {
          own.update(repeating: 0)
        }
      }
    }
    dropTrailingComponents(blockLength: blockLength)
  }

  /// A coefficient of this magnitude is worth its row.
  private static let large: UInt16 = 4
}

extension Array where Element == Range<Int> {
  /// The same rows in order, with neighbours made one; the ranges do not overlap.
  func mergingNeighbours() -> [Range<Int>] {
    sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { merged, next in
      if let last = merged.last, last.upperBound == next.lowerBound {
        merged[merged.count - 1] = last.lowerBound..<next.upperBound
      } else {
        merged.append(next)
      }
    }
  }
}
