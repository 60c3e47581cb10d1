/// Python's view of text: code points, which neither join nor normalize.
typealias CodePoints = [Unicode.Scalar]

extension String {
  var codePoints: CodePoints { Array(unicodeScalars) }

  init(_ points: some Sequence<Unicode.Scalar>) {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: points)
    self = String(view)
  }
}

extension CodePoints {
  /// The first place of `part`, which has one code point or more; no code point is looked at more than twice.
  ///
  /// Source: Knuth, Morris, Pratt, "Fast pattern matching in strings", 1977.
  func firstRange(of part: CodePoints, from start: Int = 0) -> Range<Int>? {
    guard !part.isEmpty, part.count <= count - start else { return nil }
    let borders = part.borders
    var matched = 0
    for index in start..<count {
      while matched > 0, self[index] != part[matched] { matched = borders[matched - 1] }
      if self[index] == part[matched] { matched += 1 }
      if matched == part.count { return (index + 1 - matched)..<(index + 1) }
    }
    return nil
  }

  /// How long the longest proper beginning is that also ends each beginning of the text.
  private var borders: [Int] {
    var borders = [Int](repeating: 0, count: count)
    var matched = 0
    for index in indices.dropFirst() {
      while matched > 0, self[index] != self[matched] { matched = borders[matched - 1] }
      if self[index] == self[matched] { matched += 1 }
      borders[index] = matched
    }
    return borders
  }

  /// Without the code points at its ends that `strips` names.
  func stripped(left: Bool, right: Bool, of strips: (Unicode.Scalar) -> Bool) -> ArraySlice<Unicode.Scalar> {
    var rest = self[...]
    if left { rest = rest.drop(while: strips) }
    if right { while let last = rest.last, strips(last) { rest.removeLast() } }
    return rest
  }

  /// The parts between `separator`, at most `limit` cuts from the left.
  func split(by separator: CodePoints, limit: Int, _ budget: inout Budget) throws -> [CodePoints] {
    var parts: [CodePoints] = []
    var start = 0
    while parts.count < limit, let found = firstRange(of: separator, from: start) {
      try budget.check(elements: parts.count)
      parts.append(Array(self[start..<found.lowerBound]))
      start = found.upperBound
    }
    return parts + [Array(self[start...])]
  }

  /// The words between white space, at most `limit` cuts from the left.
  func words(limit: Int, _ budget: inout Budget) throws -> [CodePoints] {
    var parts: [CodePoints] = []
    var rest = stripped(left: true, right: false, of: \.isPythonSpace)
    while !rest.isEmpty {
      try budget.check(elements: parts.count)
      if parts.count == limit {
        parts.append(Array(rest))
        break
      }
      parts.append(Array(rest.prefix { !$0.isPythonSpace }))
      rest = rest.dropFirst(parts.last!.count).drop(while: \.isPythonSpace)
    }
    return parts
  }
}
