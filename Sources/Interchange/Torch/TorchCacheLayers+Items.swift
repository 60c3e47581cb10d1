import KVCacheModel

extension TorchCacheLayers {
  /// A tuple or list of layers, of keys and values, or of stacked tensors.
  ///
  /// - Pairs ((K, V), (K, V), …), the form before `DynamicCache`. Further elements of a layer are passed over unless
  ///   they have the shape of keys or values.
  /// - Two lists, ([K, K, …], [V, V, …]), of one length.
  /// - Dictionaries or layer objects with keys and values by name.
  /// - Two tensors that hold all layers' keys and all layers' values.
  mutating func findItems(_ value: PickleValue) throws -> Bool {
    guard let items = pickle.elements(value), !items.isEmpty else { return false }
    if items.allSatisfy({ pickle.tensor($0) != nil }) {
      guard items.count == 2, let key = pickle.tensor(items[0]), let value = pickle.tensor(items[1]),
        key.view.shape.count == 5
      else { throw refusal("the saved value", "\(items.count) tensors, which may be keys or values") }
      try addStacks(("[0]", key), ("[1]", value))
      return true
    }
    let lists = items.compactMap(pickle.elements)
    guard !lists.isEmpty else {
      for (index, item) in items.enumerated() {
        guard let layer = try layer(of: item, "[\(index)]") else {
          guard index > 0 else { return false }
          throw ForeignError.missing(path: path, what: "keys and values in [\(index)]")
        }
        layers.append(layer)
      }
      return true
    }
    guard lists.count == items.count else {
      throw refusal("the saved value", "a row of \(lists.count) lists and \(items.count - lists.count) other values")
    }
    guard lists[0].contains(where: { pickle.tensor($0) != nil }) else { return false }
    switch try reading(of: lists, isTuples: items.allSatisfy(pickle.isTuple)) {
    case .pairs:
      for (index, parts) in lists.enumerated() {
        layers.append(
          Layer(
            key: try tensor(parts.first, "[\(index)][0]"),
            value: try tensor(parts.dropFirst().first, "[\(index)][1]")))
      }
    case .byKind: try addLists(("[0]", lists[0]), ("[1]", lists[1]))
    }
    return true
  }

  private enum Reading { case pairs, byKind }

  /// What lists of tensors are: one list a layer, or a list of keys and one of values.
  private func reading(of lists: [[PickleValue]], isTuples: Bool) throws -> Reading {
    let shapes = lists.map { $0.map { pickle.tensor($0).flatMap { isLayer($0) ? $0.view.shape : nil } } }
    let counts = shapes.map { $0.count { $0 != nil } }
    // What a layer's list holds besides two tensors is passed over, unless it could be keys or values as well.
    let mayBePairs =
      lists.allSatisfy { $0.count >= 2 } && counts.allSatisfy { $0 <= 2 }
      && shapes.allSatisfy { $0[0] == $0[1] || $0[0] == nil || $0[1] == nil }
    let mayBeKinds =
      lists.count == 2 && shapes.joined().allSatisfy { $0 != nil } && shapes[0] == shapes[1]
    switch (mayBePairs, mayBeKinds) {
    case (true, false): return .pairs
    case (false, true):
      // Two layers of an encoder-decoder have four tensors each.
      guard lists[0].count != 4 || shapes[0][0] != shapes[0][1] || shapes[0][2] != shapes[0][3] else {
        throw refusal(
          "the saved value", "2 × 4 tensors, 4 layers by kind or 2 with cross-attention")
      }
      return .byKind
    case (true, true):
      // ((K, V), (K, V)) is what Transformers made; ([K, K], [V, V]) is made of lists.
      guard isTuples else {
        throw refusal("the saved value", "2 lists of 2 tensors, which may be layers or kinds")
      }
      return .pairs
    case (false, false):
      if counts.allSatisfy({ $0 == 4 }) {
        throw refusal("the saved value", "four tensors a layer, as encoder-decoder models have them")
      }
      if lists.count == 2, counts[0] != counts[1] {
        throw refusal("the saved value", "a list of \(counts[0]) tensors and one of \(counts[1])")
      }
      if let index = counts.firstIndex(where: { $0 > 2 }) {
        throw refusal("[\(index)]", "\(counts[index]) tensors, which may be keys or values")
      }
      if let index = lists.firstIndex(where: { $0.count < 2 }) {
        throw refusal("[\(index)]", "one tensor, where keys and values should be")
      }
      return .pairs
    }
  }

  /// Whether a tensor has the shape of a layer's keys or values, of any batch.
  private func isLayer(_ tensor: TorchTensor) -> Bool {
    let shape = tensor.view.shape
    return shape.count == 4 || shape.count == 3
  }

  // MARK: Stacked tensors

  /// One tensor of all layers' keys and values: L × 2 × …, or 2 × L × ….
  mutating func findStack(_ value: PickleValue) throws -> Bool {
    guard let tensor = pickle.tensor(value) else { return false }
    let shape = tensor.view.shape
    guard shape.count == 5 || shape.count == 6 && shape[2] == 1, (shape[0] == 2) != (shape[1] == 2) else {
      throw refusal("the saved value", "shape \(shape), without one axis for K and V")
    }
    let kindAxis = shape[0] == 2 ? 0 : 1
    try addStacks(
      ("[…]", slice(tensor, axis: kindAxis, at: 0)), ("[…]", slice(tensor, axis: kindAxis, at: 1)), hasBatch: false)
    return true
  }

  /// Adds the layers of two tensors of shape [L, 1, H, T, D], or of [L, H, T, D] where `hasBatch` is false.
  mutating func addStacks(
    _ keys: (name: String, tensor: TorchTensor), _ values: (name: String, tensor: TorchTensor), hasBatch: Bool = true
  ) throws {
    let shape = keys.tensor.view.shape
    guard shape == values.tensor.view.shape else {
      throw ForeignError.shape(
        path: path, tensor: values.name, expected: "that of the keys", found: values.tensor.view.shape)
    }
    if shape.count == 4 && shape[0] == 1 || shape.count == 3 {
      layers.append(Layer(key: keys, value: values))
      return
    }
    guard shape.count == 5 || !hasBatch && shape.count == 4, shape[0] <= CaptureLimit.dimension else {
      throw ForeignError.shape(
        path: path, tensor: keys.name, expected: "[layers, 1, heads, tokens, dims]", found: shape)
    }
    // A layer without numbers would take memory for no bytes.
    guard !shape.contains(0) else { throw ForeignError.missing(path: path, what: "numbers in \(keys.name)") }
    for layer in 0..<shape[0] {
      layers.append(
        Layer(
          key: ("\(keys.name)[\(layer)]", slice(keys.tensor, axis: 0, at: layer)),
          value: ("\(values.name)[\(layer)]", slice(values.tensor, axis: 0, at: layer))))
    }
  }

  /// The part of a tensor at `index` of an axis, without that axis.
  private func slice(_ tensor: TorchTensor, axis: Int, at index: Int) -> TorchTensor {
    let view = tensor.view
    var (shape, strides) = (view.shape, view.strides)
    let offset = view.offset + (view.shape.contains(0) ? 0 : index * view.strides[axis])
    shape.remove(at: axis)
    strides.remove(at: axis)
    // Within the tensor, so that it fits the storage as the tensor does.
    return TorchTensor(
      storage: tensor.storage,
      view: StridedView(count: tensor.storage.count, offset: offset, shape: shape, strides: strides)!)
  }
}
