extension Renderer {
  mutating func render(_ loop: Loop, in scope: Scope, to output: inout String) throws {
    let elements = try at(loop.line) { renderer in
      let sequence = try renderer.value(of: loop.sequence, in: scope)
      guard let all = sequence.elements else {
        throw Failure("there is no loop over a value of type \(sequence.typeName)")
      }
      try renderer.budget.spend(elements: all.count)
      guard let filter = loop.filter else { return all }
      return try all.filter { element in
        let inner = Scope(in: scope)
        try renderer.assign(element, to: loop.target, in: inner)
        return try renderer.value(of: filter, in: inner).isTrue
      }
    }
    if elements.isEmpty {
      _ = try render(loop.otherwise, in: scope, to: &output)
      return
    }
    for index in elements.indices {
      try budget.step()
      let inner = Scope(in: scope)
      inner["loop"] = .namespace(Self.loop(elements, at: index))
      try at(loop.line) { try $0.assign(elements[index], to: loop.target, in: inner) }
      if try render(loop.body, in: inner, to: &output) == .breaksLoop { break }
    }
  }

  /// The attributes of `loop`.
  private static func loop(_ elements: [Value], at index: Int) -> Namespace {
    Namespace([
      "index": .integer(index + 1), "index0": .integer(index), "first": .bool(index == 0),
      "last": .bool(index == elements.count - 1), "length": .integer(elements.count),
      "revindex": .integer(elements.count - index), "revindex0": .integer(elements.count - index - 1),
      "previtem": index > 0 ? elements[index - 1] : .undefined("there is no previous item"),
      "nextitem": index + 1 < elements.count ? elements[index + 1] : .undefined("there is no next item"),
      "cycle": .method(.integer(index), "cycle"),
    ])
  }
}
