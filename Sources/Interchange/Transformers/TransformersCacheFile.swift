import KVCacheModel

/// A safetensors file with one tensor of keys and one of values a layer, or with stacks of them, as people save
/// Transformers' `DynamicCache` (formats/transformers.md).
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
    let stacks = named.isEmpty ? try StackedTensors(file) : nil
    guard !named.isEmpty || stacks != nil else {
      throw ForeignError.notThisFormat(
        path: path, format: "a Transformers cache in safetensors", reason: "no tensor is named as a layer's keys")
    }
    pairs =
      try stacks?.pairs
      ?? named.map { StoredPair(key: try Self.stored($0.key, file), value: try Self.stored($0.value, file)) }
    var facts = try pairs.facts(path: path, format: TransformersFormat.formatName)
    facts.provenance["source.format"] = "Transformers cache in safetensors"
    if let text = file.metadata[EmbeddedFacts.descriptionKey] { try EmbeddedFacts.add(text, to: &facts) }
    for name in file.names where TensorNaming(name) == nil && stacks?.names.contains(name) != true {
      if facts.tokens == nil, Self.tokenNames.contains(name) {
        let tensor = try file.tensor(name)
        try facts.take(
          SavedTokens(name: name, shape: tensor.shape, type: tensor.dataType), read: { try file.read(name) })
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
}
