/// Ratcliff and Obershelp's matching of two sequences, as Python's `difflib.SequenceMatcher` defines it.
///
/// The longest block that both have in a row is matched first, the one that begins earliest in `first` and then in
/// `second`; then what lies before it on both sides, and what lies after it.
struct MatchingBlocks<Element: Hashable> {
  private let first: [Element]
  private let second: [Element]
  /// Where each element stands in `second`. In 200 elements or more, those that make up over 1 % of it start no block;
  /// they only lengthen one.
  private let positions: [Element: [Int]]

  init(_ first: [Element], _ second: [Element]) {
    self.first = first
    self.second = second
    let all = Dictionary(grouping: second.indices, by: { second[$0] })
    positions = second.count < 200 ? all : all.filter { $0.value.count <= second.count / 100 + 1 }
  }

  /// 2 M / (n + m) for M matched elements of n and m, 0…1; 1 if both are empty.
  var ratio: Double {
    let all = first.count + second.count
    return all == 0 ? 1 : 2 * Double(matched) / Double(all)
  }

  /// M.
  private var matched: Int {
    var sum = 0
    var open = [(first.indices, second.indices)]
    while let (rows, columns) = open.popLast() {
      let (row, column, length) = longest(rows, columns)
      guard length > 0 else { continue }
      sum += length
      open.append((rows.lowerBound..<row, columns.lowerBound..<column))
      open.append((row + length..<rows.upperBound, column + length..<columns.upperBound))
    }
    return sum
  }

  /// The longest block inside two ranges: where it begins in both, and its length.
  private func longest(_ rows: Range<Int>, _ columns: Range<Int>) -> (row: Int, column: Int, length: Int) {
    var best = (row: rows.lowerBound, column: columns.lowerBound, length: 0)
    // The length of the block that ends at the row before and at each column.
    var lengths: [Int: Int] = [:]
    for row in rows {
      var next: [Int: Int] = [:]
      for column in positions[first[row]] ?? [] where columns.contains(column) {
        let length = (lengths[column - 1] ?? 0) + 1
        next[column] = length
        if length > best.length { best = (row - length + 1, column - length + 1, length) }
      }
      lengths = next
    }
    while best.row > rows.lowerBound, best.column > columns.lowerBound,
      first[best.row - 1] == second[best.column - 1]
    {
      best = (best.row - 1, best.column - 1, best.length + 1)
    }
    while best.row + best.length < rows.upperBound, best.column + best.length < columns.upperBound,
      first[best.row + best.length] == second[best.column + best.length]
    {
      best.length += 1
    }
    return best
  }
}
