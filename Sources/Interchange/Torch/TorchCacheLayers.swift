import KVCacheModel

/// Finds a cache's tensors in the value that was saved, in the forms that people save (formats/transformers.md).
///
/// Nothing is guessed: a form is taken only where no other form explains the same shapes, and everything else is refused
/// with what stands there.
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
  var layers: [Layer] = []
  /// Token ids that the file holds besides the cache.
  private(set) var tokens: (name: String, tensor: TorchTensor)?
  /// Names of what the file holds besides the cache and is not taken over, with what made it where that is unknown.
  private(set) var others: [String] = []

  /// Under these names a dictionary holds a cache besides other things.
  static let cacheNames = [
    "past_key_values", "past_key_value", "past_kv", "past_kvs", "past", "layer_past", "kv_cache", "kv_caches", "cache",
    "caches", "kv", "legacy_cache", "dynamic_cache",
  ]
  /// Names of keys and of values that belong together.
  static let kindNames = [
    ("key_cache", "value_cache"), ("keys", "values"), ("key", "value"), ("k_cache", "v_cache"), ("k", "v"),
    ("key_states", "value_states"), ("past_keys", "past_values"), ("past_key", "past_value"),
  ]

  /// - Throws: `ForeignError.notThisFormat` if the value has none of the forms; `ForeignError.unsupported` for a form
  ///   that could mean several things, or that fkv cannot take over.
  init(_ pickle: Pickle, path: String) throws {
    self.pickle = pickle
    self.path = path
    var value = pickle.root
    // A cache may lie in a dictionary, once.
    if let members = pickle.members(value) {
      let names = Self.cacheNames.filter { members[$0] != nil && members[$0] != PickleValue.none }
      guard names.count <= 1 || Set(names.map { members[$0]! }).count == 1 else {
        throw refusal("the saved value", "a dictionary of several caches: \(names.joined(separator: ", "))")
      }
      if let name = names.first {
        value = members[name]!
        try noteOthers(of: members.filter { $0.key != name && $0.value != PickleValue.none })
      }
    }
    if let name = pickle.foreignName(value), pickle.members(value) == nil {
      throw refusal("a name in data.pkl", name)
    }
    if try !findObject(value), try !findKinds(value), try !findItems(value), try !findStack(value),
      try !findNames(value)
    {
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
      guard let layer = try layer(of: object, "layers[\(index)]") else {
        throw pickle.foreignName(object).map { refusal("layers[\(index)]", $0) }
          ?? ForeignError.missing(path: path, what: "tensor layers[\(index)].keys")
      }
      layers.append(layer)
    }
    return true
  }

  /// A layer as an object or a dictionary with keys and values by name; nil for anything else.
  func layer(of value: PickleValue, _ name: String) throws -> Layer? {
    guard let state = pickle.members(value), let (keys, values) = Self.kindNames.first(where: { state[$0.0] != nil })
    else { return nil }
    var layer = Layer(
      key: try tensor(state[keys], "\(name).\(keys)"), value: try tensor(state[values], "\(name).\(values)"))
    if case .integer(let length)? = state["cumulative_length"] { layer.endPosition = length }
    if case .integer(let window)? = state["sliding_window"], window > 0 { layer.slidingWindow = window }
    return layer
  }

  /// Keys of all layers under one name and values under another, as lists of tensors or as one tensor each: attributes
  /// of older `DynamicCache`s, or a dictionary.
  private mutating func findKinds(_ value: PickleValue) throws -> Bool {
    guard let members = pickle.members(value),
      let (keys, values) = Self.kindNames.first(where: { members[$0.0] != nil && members[$0.1] != nil })
    else { return false }
    if let key = pickle.tensor(members[keys]), let value = pickle.tensor(members[values]) {
      try addStacks((keys, key), (values, value))
    } else {
      guard let keyList = pickle.elements(members[keys]!), let valueList = pickle.elements(members[values]!) else {
        return false
      }
      try addLists((keys, keyList), (values, valueList))
    }
    try noteOthers(of: members.filter { $0.key != keys && $0.key != values && pickle.tensor($0.value) != nil })
    return true
  }

  /// Adds the layers of a list of keys and a list of values.
  mutating func addLists(_ keys: (name: String, list: [PickleValue]), _ values: (name: String, list: [PickleValue]))
    throws
  {
    guard keys.list.count == values.list.count else {
      throw ForeignError.invalid(
        path: path, what: values.name, expected: "\(keys.list.count) tensors", found: "\(values.list.count)")
    }
    for index in keys.list.indices {
      layers.append(
        Layer(
          key: try tensor(keys.list[index], "\(keys.name)[\(index)]"),
          value: try tensor(values.list[index], "\(values.name)[\(index)]")))
    }
  }

  /// A dictionary of tensors by name.
  private mutating func findNames(_ value: PickleValue) throws -> Bool {
    guard let members = pickle.members(value) else { return false }
    let named = try TensorNaming.layers(members.keys.sorted(), path: path)
    guard !named.isEmpty else { return false }
    layers = try named.map {
      Layer(key: try tensor(members[$0.key], $0.key), value: try tensor(members[$0.value], $0.value))
    }
    try noteOthers(of: members.filter { TensorNaming($0.key) == nil })
    return true
  }

  private mutating func noteOthers(of members: [String: PickleValue]) throws {
    for name in members.keys.sorted() {
      if tokens == nil, TransformersCacheFile.tokenNames.contains(name), let ids = pickle.tensor(members[name]) {
        tokens = (name, ids)
      } else {
        others.append("\"\(excerpt(name))\"" + (pickle.foreignName(members[name]).map { " (\(excerpt($0)))" } ?? ""))
      }
    }
  }

  func tensor(_ value: PickleValue?, _ name: String) throws -> (name: String, tensor: TorchTensor) {
    guard let tensor = pickle.tensor(value) else {
      throw pickle.foreignName(value).map { refusal(name, $0) }
        ?? ForeignError.missing(path: path, what: "tensor \(name)")
    }
    return (name, tensor)
  }

  /// An error for what is not taken over.
  func refusal(_ what: String, _ found: String) -> ForeignError {
    .unsupported(path: path, what: what, found: found)
  }
}
