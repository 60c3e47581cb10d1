import KVCacheModel

/// A safetensors file with one tensor of keys and one of values a layer, as people save Transformers' `DynamicCache`
/// (formats/transformers.md).
public struct TransformersCacheFile: ForeignCache {
  public let facts: ForeignFacts
  private let pairs: [StoredPair]

  /// Opens such a file and checks names, shapes and types; tensors are read on demand.
  ///
  /// - Throws: `ForeignError`; `CaptureError` where fkv's own metadata in the file are broken; `SafetensorsError` if it
  ///   is no safetensors file; `FileError`.
  public init(path: String) throws {
    let file = try SafetensorsFile(path: path)
    let named = try TensorNaming.layers(file.names, path: path)
    guard !named.isEmpty else {
      throw ForeignError.notThisFormat(
        path: path, format: "a Transformers cache in safetensors", reason: "no tensor is named as a layer's keys")
    }
    pairs = try named.map { StoredPair(key: try Self.stored($0.key, file), value: try Self.stored($0.value, file)) }
    var facts = try pairs.facts(path: path, format: TransformersFormat.formatName)
    facts.provenance["source.format"] = "Transformers cache in safetensors"
    if let text = file.metadata[EmbeddedFacts.descriptionKey] { try EmbeddedFacts.add(text, to: &facts) }
    for name in file.names where TensorNaming(name) == nil {
      if Self.tokenNames.contains(name), let tokens = try Self.tokens(name, file) {
        facts.tokens = try facts.checkedTokens(tokens, name: name)
      } else {
        facts.losses.append(ConversionLoss(.dropped, "tensor \"\(excerpt(name))\" is not taken over"))
      }
    }
    self.facts = facts
  }

  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    try pairs.tensor(kind, layer: layer, facts: facts)
  }

  private static func stored(_ name: String, _ file: SafetensorsFile) throws -> StoredTensor {
    let tensor = try file.tensor(name)
    return StoredTensor(
      name: name, shape: tensor.shape, typeName: tensor.dataType.rawValue,
      type: ElementType(safetensorsName: tensor.dataType.rawValue), read: { try file.read(name) })
  }

  /// Names under which token ids lie.
  static let tokenNames: Set<String> = ["input_ids", "tokens", "token_ids"]

  /// Token ids of shape [N] or [1, N]; nil for other tensors of such a name.
  private static func tokens(_ name: String, _ file: SafetensorsFile) throws -> [Int64]? {
    let tensor = try file.tensor(name)
    guard tensor.shape.count == 1 || tensor.shape.count == 2 && tensor.shape[0] == 1 else { return nil }
    switch tensor.dataType {
    case .int32: return try file.read(name).littleEndian(as: Int32.self).map(Int64.init)
    case .int64: return try file.read(name).littleEndian(as: Int64.self)
    default: return nil
    }
  }
}

extension ForeignFacts {
  /// Token ids from a file, which must fit 32 bits and be no fewer than any layer caches.
  func checkedTokens(_ tokens: [Int64], name: String) throws -> [Int32] {
    let longest = layers.map(\.tokens).max() ?? 0
    guard tokens.count >= longest else {
      throw ForeignError.invalid(
        path: path, what: "\"\(name)\"", expected: "at least \(longest) token ids", found: "\(tokens.count)")
    }
    return try tokens.map { token in
      guard let id = Int32(exactly: token) else {
        throw ForeignError.invalid(path: path, what: "\"\(name)\"", expected: "32-bit token ids", found: "\(token)")
      }
      return id
    }
  }
}
