import KVCacheModel

/// Keys and values of all layers in one or two tensors of a safetensors file (formats/transformers.md).
struct StackedTensors {
  /// One pair a layer.
  let pairs: [StoredPair]
  /// The tensors that hold them.
  let names: Set<String>

  /// What the names of a file's tensors say to be stacks; nil where none does.
  ///
  /// - Throws: `ForeignError` for a shape that is none of a stack, or that could mean two things.
  init?(_ file: SafetensorsFile) throws {
    let kinds = CacheKind.allCases.map { kind in file.names.filter { TensorNaming.kind(ofStack: $0) == kind } }
    if kinds.allSatisfy({ $0.count == 1 }) {
      try self.init(file, keys: kinds[0][0], values: kinds[1][0])
      return
    }
    let joint = file.names.filter(Self.jointNames.contains)
    guard joint.count == 1, kinds.allSatisfy(\.isEmpty) else { return nil }
    try self.init(file, joint: joint[0])
  }

  /// Two tensors [L, 1, H, T, D].
  private init(_ file: SafetensorsFile, keys: String, values: String) throws {
    let shape = try file.tensor(keys).shape
    guard try file.tensor(values).shape == shape else {
      throw ForeignError.shape(
        path: file.path, tensor: values, expected: "that of the keys", found: try file.tensor(values).shape)
    }
    guard shape.count == 5, shape[0] <= CaptureLimit.dimension else {
      throw ForeignError.shape(
        path: file.path, tensor: keys, expected: "[layers, 1, heads, tokens, dims]", found: shape)
    }
    pairs = try Self.layers(shape[0], file, keys) { layer in
      StoredPair(
        key: try Self.part(layer, of: shape[0], file, keys, axes: 1),
        value: try Self.part(layer, of: shape[0], file, values, axes: 1))
    }
    names = [keys, values]
  }

  /// One tensor L × 2 × [1,] H × T × D or 2 × L × ….
  private init(_ file: SafetensorsFile, joint: String) throws {
    let shape = try file.tensor(joint).shape
    guard shape.count == 5 || shape.count == 6 && shape[2] == 1, (shape[0] == 2) != (shape[1] == 2),
      shape[0] <= CaptureLimit.dimension, shape[1] <= CaptureLimit.dimension
    else {
      throw ForeignError.shape(
        path: file.path, tensor: joint, expected: "[layers, 2, heads, tokens, dims] or [2, layers, …]", found: shape)
    }
    let (count, kindIsOuter) = (shape[0] == 2 ? shape[1] : shape[0], shape[0] == 2)
    pairs = try Self.layers(count, file, joint) { layer in
      let (key, value) = kindIsOuter ? (layer, count + layer) : (2 * layer, 2 * layer + 1)
      return StoredPair(
        key: try Self.part(key, of: 2 * count, file, joint, axes: 2),
        value: try Self.part(value, of: 2 * count, file, joint, axes: 2))
    }
    names = [joint]
  }

  /// Names of a tensor that holds keys and values.
  private static let jointNames: Set<String> = [
    "kv_cache", "kv_caches", "past_key_values", "past_kv", "cache", "kv", "key_value_cache",
  ]

  /// The pairs of `count` layers; a tensor without numbers could claim any number of them.
  private static func layers(
    _ count: Int, _ file: SafetensorsFile, _ name: String, _ pair: (Int) throws -> StoredPair
  ) throws -> [StoredPair] {
    guard try file.tensor(name).byteCount > 0 else {
      throw ForeignError.missing(path: file.path, what: "numbers in \"\(excerpt(name))\"")
    }
    return try (0..<count).map(pair)
  }

  /// Part `index` of `count` equal ones, which the first `axes` axes number.
  private static func part(
    _ index: Int, of count: Int, _ file: SafetensorsFile, _ name: String, axes: Int
  ) throws -> StoredTensor {
    let tensor = try file.tensor(name)
    let size = tensor.byteCount / count
    return StoredTensor(
      name: name, shape: Array(tensor.shape[axes...]), typeName: tensor.dataType.rawValue,
      type: ElementType(safetensorsName: tensor.dataType.rawValue),
      read: { try file.read(name, byteRange: index * size..<(index + 1) * size) })
  }
}
