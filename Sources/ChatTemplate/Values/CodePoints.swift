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
  /// The first place of `part`, which has one code point or more.
  func firstRange(of part: CodePoints, from start: Int = 0) -> Range<Int>? {
    guard let first = part.first, part.count <= count else { return nil }
    var index = start
    while index <= count - part.count {
      if self[index] == first, self[index..<(index + part.count)].elementsEqual(part) {
        return index..<(index + part.count)
      }
      index += 1
    }
    return nil
  }

  /// Without the code points at its ends that `strips` names.
  func stripped(left: Bool, right: Bool, of strips: (Unicode.Scalar) -> Bool) -> ArraySlice<Unicode.Scalar> {
    var rest = self[...]
    if left { rest = rest.drop(while: strips) }
    if right { while let last = rest.last, strips(last) { rest.removeLast() } }
    return rest
  }

  /// The parts between `separator`, at most `limit` cuts from the left.
  func split(by separator: CodePoints, limit: Int) -> [CodePoints] {
    var parts: [CodePoints] = []
    var start = 0
    while parts.count < limit, let found = firstRange(of: separator, from: start) {
      parts.append(Array(self[start..<found.lowerBound]))
      start = found.upperBound
    }
    return parts + [Array(self[start...])]
  }

  /// The words between white space, at most `limit` cuts from the left.
  func words(limit: Int) -> [CodePoints] {
    var parts: [CodePoints] = []
    var rest = stripped(left: true, right: false, of: \.isPythonSpace)
    while !rest.isEmpty {
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
