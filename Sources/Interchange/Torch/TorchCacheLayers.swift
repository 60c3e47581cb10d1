import KVCacheModel

/// Finds a cache's tensors in the value that was saved, in the forms that Transformers has or had
/// (formats/transformers.md).
struct TorchCacheLayers {
  /// One layer's tensors with their places in the value: `layers[0].keys`.
  struct Layer {
    var key: (name: String, tensor: TorchTensor)
    var value: (name: String, tensor: TorchTensor)
    var endPosition: Int?
    var slidingWindow: Int?
  }

  let pickle: Pickle
  let path: String
  private(set) var layers: [Layer] = []
  /// Token ids beside the cache.
  private(set) var tokens: (name: String, tensor: TorchTensor)?
  /// Names of what lies beside the cache and is not taken over.
  private(set) var others: [String] = []

  /// Under these names a dictionary holds a cache beside other things.
  private static let cacheNames = ["past_key_values", "kv_cache", "cache"]

  /// - Throws: `ForeignError.notThisFormat` if the value has none of the forms.
  init(_ pickle: Pickle, path: String) throws {
    self.pickle = pickle
    self.path = path
    var value = pickle.root
    // A cache may lie in a dictionary, once.
    if let members = pickle.members(value), let name = Self.cacheNames.first(where: { members[$0] != nil }) {
      value = members[name]!
      try look(beside: members.filter { $0.key != name })
    }
    if try !findObject(value), try !findLists(value), try !findPairs(value), try !findNames(value) {
      throw ForeignError.notThisFormat(
        path: path, format: "a saved cache",
        reason: "the value is no DynamicCache, tuple of pairs, or dictionary of them"
      )
    }
  }

  /// A `DynamicCache` of Transformers 4.54 and later: `layers`, objects with `keys` and `values`.
  private mutating func findObject(_ value: PickleValue) throws -> Bool {
    guard let members = pickle.members(value), let list = members["layers"], let objects = pickle.elements(list) else {
      return false
    }
    for (index, object) in objects.enumerated() {
      let state = pickle.members(object) ?? [:]
      var layer = Layer(
        key: try tensor(state["keys"], "layers[\(index)].keys"),
        value: try tensor(state["values"], "layers[\(index)].values"))
      if case .integer(let length)? = state["cumulative_length"] { layer.endPosition = length }
      if case .integer(let window)? = state["sliding_window"], window > 0 { layer.slidingWindow = window }
      layers.append(layer)
    }
    return true
  }

  /// `key_cache` and `value_cache`, lists of tensors: attributes of older `DynamicCache`s, or a dictionary.
  private mutating func findLists(_ value: PickleValue) throws -> Bool {
    guard let members = pickle.members(value), let keys = members["key_cache"].flatMap(pickle.elements),
      let values = members["value_cache"].flatMap(pickle.elements)
    else { return false }
    guard keys.count == values.count else {
      throw ForeignError.invalid(
        path: path, what: "value_cache", expected: "\(keys.count) tensors", found: "\(values.count)")
    }
    for index in keys.indices {
      layers.append(
        Layer(
          key: try tensor(keys[index], "key_cache[\(index)]"), value: try tensor(values[index], "value_cache[\(index)]")
        ))
    }
    return true
  }

  /// ((K, V), (K, V), …), the form before `DynamicCache`; further elements of a layer are passed over.
  private mutating func findPairs(_ value: PickleValue) throws -> Bool {
    guard let items = pickle.elements(value), let first = items.first.flatMap(pickle.elements), first.count >= 2,
      pickle.tensor(first[0]) != nil
    else { return false }
    for (index, item) in items.enumerated() {
      let parts = pickle.elements(item) ?? []
      layers.append(
        Layer(
          key: try tensor(parts.first, "[\(index)][0]"),
          value: try tensor(parts.dropFirst().first, "[\(index)][1]")))
    }
    return true
  }

  /// A dictionary of tensors by name.
  private mutating func findNames(_ value: PickleValue) throws -> Bool {
    guard let members = pickle.members(value) else { return false }
    let named = try TensorNaming.layers(members.keys.sorted(), path: path)
    guard !named.isEmpty else { return false }
    layers = try named.map {
      Layer(key: try tensor(members[$0.key], $0.key), value: try tensor(members[$0.value], $0.value))
    }
    try look(beside: members.filter { TensorNaming($0.key) == nil })
    return true
  }

  private mutating func look(beside members: [String: PickleValue]) throws {
    for name in members.keys.sorted() {
      if tokens == nil, TransformersCacheFile.tokenNames.contains(name), let ids = pickle.tensor(members[name]) {
        tokens = (name, ids)
      } else {
        others.append(name)
      }
    }
  }

  private func tensor(_ value: PickleValue?, _ name: String) throws -> (name: String, tensor: TorchTensor) {
    guard let tensor = pickle.tensor(value) else { throw ForeignError.missing(path: path, what: "tensor \(name)") }
    return (name, tensor)
  }
}
