/// One longest common subsequence of two sequences.
///
/// Where several are as long: going back from both ends, equal elements are taken; else the last element of `second` is
/// left away, unless leaving away that of `first` keeps a longer one.
///
/// - Complexity: O(n·m) time and bytes for n and m elements.
func longestCommonSubsequence<Element: Equatable>(_ first: [Element], _ second: [Element]) -> [Element] {
  let columns = second.count
  var steps = [SubsequenceStep](repeating: .leaveSecond, count: first.count * columns)
  // lengths[j]: of the subsequence of the elements of `first` so far and the first j of `second`.
  var lengths = [Int](repeating: 0, count: columns + 1)
  for (row, element) in first.enumerated() {
    var diagonal = 0
    for column in 0..<columns {
      let above = lengths[column + 1]
      if element == second[column] {
        lengths[column + 1] = diagonal + 1
        steps[row * columns + column] = .take
      } else if above > lengths[column] {
        steps[row * columns + column] = .leaveFirst
      } else {
        lengths[column + 1] = lengths[column]
      }
      diagonal = above
    }
  }
  var found: [Element] = []
  var (row, column) = (first.count, columns)
  while row > 0, column > 0 {
    switch steps[(row - 1) * columns + column - 1] {
    case .take:
      found.append(first[row - 1])
      row -= 1
      column -= 1
    case .leaveFirst: row -= 1
    case .leaveSecond: column -= 1
    }
  }
  return found.reversed()
}

/// How a subsequence goes back from a pair of ends.
private enum SubsequenceStep: UInt8 { case take, leaveFirst, leaveSecond }
