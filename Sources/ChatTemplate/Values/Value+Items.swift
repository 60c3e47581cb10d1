extension Value {
  /// What Jinja finds under `.name`: a method or attribute first, then an entry.
  func attribute(_ name: String) throws -> Value {
    switch self {
    case .undefined(let what): throw Failure(what)
    case .namespace(let namespace): return namespace.attributes[name] ?? .undefined("the namespace has no '\(name)'")
    case .loop(let state): return state.attribute(name)
    case .dictionary(let map):
      if Methods.ofDictionaries.contains(name) { return .method(self, name) }
      return map[.string(name)] ?? .undefined("the dictionary has no '\(name)'")
    case .string where Methods.ofStrings.contains(name): return .method(self, name)
    case .list where Methods.ofLists.contains(name), .tuple where Methods.ofLists.contains(name):
      return .method(self, name)
    default: return .undefined("a value of type \(typeName) has no '\(name)'")
    }
  }

  /// What Jinja finds under `[index]`: an entry or element first, then an attribute.
  func item(_ index: Value) throws -> Value {
    switch (self, index) {
    case (.undefined(let what), _): throw Failure(what)
    case (.dictionary(let map), _):
      if let value = map[index] { return value }
    case (.string(let text), _):
      if let place = index.integer, let scalar = Self.element(text.codePoints, place) { return .string(String(scalar)) }
    case (.list(let values), _), (.tuple(let values), _):
      if let place = index.integer, let value = Self.element(values, place) { return value }
    default: break
    }
    if case .string(let name) = index { return try attribute(name) }
    return .undefined("a value of type \(typeName) has no such item")
  }

  /// The element at a place, which counts from the end where it is negative.
  private static func element<Element>(_ list: [Element], _ place: Int) -> Element? {
    let index = place < 0 ? list.count &+ place : place
    return list.indices.contains(index) ? list[index] : nil
  }

  /// Python's `[start:end:step]`.
  func slice(start: Int?, end: Int?, step: Int?) throws -> Value {
    func sliced<Element>(_ list: [Element]) throws -> [Element] {
      let step = step ?? 1
      guard step != 0 else { throw Failure("a slice's step is 0") }
      let least = step > 0 ? 0 : -1
      func bound(_ place: Int) -> Int {
        let place = place < 0 ? place + list.count : place
        return Swift.max(least, Swift.min(place, list.count + least))
      }
      let first = start.map(bound) ?? (step > 0 ? 0 : list.count - 1)
      let last = end.map(bound) ?? (step > 0 ? list.count : -1)
      return stride(from: first, to: last, by: step).map { list[$0] }
    }
    switch self {
    case .undefined(let what): throw Failure(what)
    case .string(let text): return .string(String(try sliced(text.codePoints)))
    case .list(let values): return .list(try sliced(values))
    case .tuple(let values): return .tuple(try sliced(values))
    default: throw Failure("a value of type \(typeName) has no slices")
    }
  }
}
