extension PickleReader {
  /// What calling one of the known names gives.
  mutating func call(_ callee: PickleValue, _ arguments: PickleValue, isNew: Bool) throws {
    if case .node(let index) = callee, case .foreign(let name, _) = nodes[index] {
      return push(.foreign(name: name, members: []))
    }
    guard case .global(let name) = callee, let arguments = elements(arguments) else {
      throw failure("a known name and its arguments", "something else")
    }
    guard TorchNames.allows(name) else { return push(.foreign(name: name, members: [])) }
    switch name {
    case _ where TorchNames.classes.contains(name): push(.object(class: name, state: .none))
    case _ where TorchNames.inert.contains(name): push(.inert)
    case TorchNames.orderedDictionary where !isNew: try orderedDictionary(arguments)
    case TorchNames.size where !isNew && arguments.count == 1 && elements(arguments[0]) != nil:
      push(.tuple(elements(arguments[0])!))
    case TorchNames.rebuildTensor where !isNew: try tensor(arguments)
    case TorchNames.rebuildParameter where !isNew && arguments.count == 3: stack.append(arguments[0])
    default: throw failure("a call that makes a tensor or a container", name)
    }
  }

  /// BUILD: gives an object its attributes.
  mutating func build(_ state: PickleValue) throws {
    let index = try top()
    switch nodes[index] {
    case .object(let name, _): nodes[index] = .object(class: name, state: state)
    case .foreign(let name, var members):
      guard case .node(let other) = state, other != index, case .dictionary(let pairs) = nodes[other] else { break }
      nodes[index] = .inert
      members += pairs
      nodes[index] = .foreign(name: name, members: members)
    // What Python attaches to containers besides their contents says nothing of a cache.
    case .dictionary, .inert: break
    default: throw failure("an object to build", "something else")
    }
  }

  /// A persistent id: ("storage", class, key, device, elements).
  mutating func storage(_ id: PickleValue) throws {
    guard let parts = elements(id), 5...6 ~= parts.count, parts[0] == .text("storage"),
      case .global(let name) = parts[1], case .text(let key) = parts[2], case .integer(let count) = parts[4], count >= 0
    else { throw failure("the id of a storage", "something else") }
    // Numbers of a type that is not known, which may lie in the file with the cache.
    guard TorchNames.allows(name) else { return push(.foreign(name: name, members: [])) }
    guard let type = TorchNames.storages[name], type.byteCount(shape: [count]) != nil else {
      throw failure("the id of a storage", "something else")
    }
    push(.storage(TorchStorage(key: key, type: type, count: count)))
  }

  /// Arguments: storage, offset, size, strides, and what concerns gradients.
  private mutating func tensor(_ arguments: [PickleValue]) throws {
    if case .node(let index)? = arguments.first, case .foreign(let name, _) = nodes[index] {
      return push(.foreign(name: name, members: []))
    }
    guard 6...7 ~= arguments.count, case .node(let index) = arguments[0], case .storage(let storage) = nodes[index],
      case .integer(let offset) = arguments[1], let shape = integers(arguments[2]), let strides = integers(arguments[3])
    else { throw failure("the arguments of a tensor", "something else") }
    guard let view = StridedView(count: storage.count, offset: offset, shape: shape, strides: strides) else {
      throw failure(
        "a view of \(storage.count) elements", "shape \(shape), strides \(strides) from element \(offset)")
    }
    push(.tensor(TorchTensor(storage: storage, view: view)))
  }

  /// An ordered dictionary of nothing, or of a list of pairs.
  private mutating func orderedDictionary(_ arguments: [PickleValue]) throws {
    var pairs: [(key: PickleValue, value: PickleValue)] = []
    if arguments.count == 1, let items = elements(arguments[0]) {
      for item in items {
        guard let pair = elements(item), pair.count == 2 else { throw failure("pairs", "something else") }
        pairs.append((pair[0], pair[1]))
      }
    } else if !arguments.isEmpty {
      throw failure("a list of pairs", "something else")
    }
    push(.dictionary(pairs))
  }

  private func elements(_ value: PickleValue) -> [PickleValue]? {
    guard case .node(let index) = value else { return nil }
    switch nodes[index] {
    case .tuple(let elements), .list(let elements): return elements
    default: return nil
    }
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard let elements = elements(value) else { return nil }
    var integers: [Int] = []
    for element in elements {
      guard case .integer(let integer) = element else { return nil }
      integers.append(integer)
    }
    return integers
  }
}
