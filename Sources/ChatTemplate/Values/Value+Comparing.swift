extension Value {
  /// Python's `==`: texts by their code points, numbers by their value, lists and dictionaries by what they hold.
  func equals(_ other: Value) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): true
    case (.string(let a), .string(let b)): a.utf8.count == b.utf8.count && a.utf8.elementsEqual(b.utf8)
    case (.integer(let a), .integer(let b)): a == b
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
    case (.dictionary(let a), .dictionary(let b)):
      a.entries.count == b.entries.count
        && a.entries.allSatisfy { entry in b[entry.key].map { entry.value.equals($0) } ?? false }
    case (.namespace(let a), .namespace(let b)): a === b
    case (.macro(let a), .macro(let b)): a === b
    case (.loop(let a), .loop(let b)): a === b
    default: if let a = number, let b = other.number { a == b } else { false }
    }
  }

  /// Whether it stands before another value: numbers and texts among each other, lists element by element; nil if Python
  /// does not order them.
  func isLess(than other: Value) -> Bool? {
    switch (self, other) {
    case (.string(let a), .string(let b)):
      return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (left, right) in zip(a, b) where !left.equals(right) { return left.isLess(than: right) }
      return a.count < b.count
    default:
      guard let a = number, let b = other.number else { return nil }
      return a < b
    }
  }

  /// Python's `in`; nil if `container` holds nothing.
  func isContained(in container: Value) -> Bool? {
    switch container {
    case .string(let text):
      guard case .string(let part) = self else { return nil }
      return part.isEmpty || text.codePoints.firstRange(of: part.codePoints) != nil
    case .dictionary(let map): return map[self] != nil
    default: return container.elements?.contains { equals($0) }
    }
  }
}
