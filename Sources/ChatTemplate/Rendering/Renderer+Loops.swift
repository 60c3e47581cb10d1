extension Renderer {
  mutating func render(_ loop: Loop, in scope: Scope, to output: inout String) throws {
    let elements = try at(loop.line) { renderer in
      let sequence = try renderer.value(of: loop.sequence, in: scope)
      guard let all = try renderer.elements(of: sequence) else {
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
    let state = LoopState(elements)
    owned.append(state)
    for index in elements.indices {
      try budget.step()
      state.index = index
      let inner = Scope(in: scope)
      inner["loop"] = .loop(state)
      try at(loop.line) { try $0.assign(elements[index], to: loop.target, in: inner) }
      if try render(loop.body, in: inner, to: &output) == .breaksLoop { break }
    }
  }
}
