import KVCacheModel

/// A prompt cache that mlx-lm's `save_prompt_cache` wrote (formats/mlx.md), read one layer at a time.
///
/// Taken over are layers of the classes `KVCache`, `ConcatenateKVCache`, `RotatingKVCache` and `QuantizedKVCache` of
/// one sequence; quantised numbers become Float32. Classes are names here, no code of them runs.
public struct MLXCacheFile: ForeignCache {
  public let facts: ForeignFacts
  /// Which versions of mlx-lm wrote the file.
  public let dialect: MLXDialect
  private let file: SafetensorsFile
  private let layers: [MLXLayer]

  /// Opens a prompt cache and checks the shapes and offsets of all layers; tensors are read on demand.
  ///
  /// - Throws: `ForeignError` for what the format does not allow or fkv cannot take over, `CaptureError` where fkv's own
  ///   metadata in the file are broken, `SafetensorsError` if it is no safetensors file, `FileError` if it cannot be
  ///   read.
  public init(path: String) throws {
    let file = try SafetensorsFile(path: path)
    guard let dialect = MLXDialect(metadata: file.metadata) else {
      throw ForeignError.notThisFormat(
        path: path, format: "an mlx-lm prompt cache", reason: "its metadata name no cache class")
    }
    let states = MLXStates(file: file, dialect: dialect)
    let layers = try states.classes().enumerated().map { try MLXLayer($0.offset, class: $0.element, in: states) }
    self.file = file
    self.layers = layers
    self.dialect = dialect
    facts = try Self.facts(layers, states)
  }

  /// Keys or values of one layer, a ring in the order of positions, quantised numbers as scale · q + bias.
  ///
  /// - Throws: `FileError` if the file cannot be read.
  public func tensor(_ kind: CacheKind, layer index: Int) throws -> CacheTensor {
    try stored(kind, layer: index).widened(to: kind == .key ? facts.keyType : facts.valueType)
  }

  /// Keys or values of one layer in the layer's own type.
  private func stored(_ kind: CacheKind, layer index: Int) throws -> CacheTensor {
    let layer = layers[index]
    let name = "\(index).\(kind == .key ? 0 : 1)"
    switch layer.coding {
    case .plain:
      let whole = CacheTensor(
        kvHeads: layer.facts.kvHeads, tokens: layer.rowCount, headDim: layer.facts.headDim,
        elementType: kind == .key ? layer.keyType : layer.valueType, bytes: try file.read(name))
      let pieces = layer.rows.map { whole.rows($0) }
      return pieces.dropFirst().reduce(pieces[0]) { $0.followed(by: $1) }
    case .quantized(let groupSize, let bits):
      let names = MLXLayer.quantizedNames(index, kind, file)
      let states = MLXStates(file: file, dialect: dialect)
      let rows = try MLXQuantizedRows(
        words: file.read(names[0]).littleEndian(as: UInt32.self),
        scales: file.read(names[1]).floats(as: states.floatType(names[1])),
        biases: file.read(names[2]).floats(as: states.floatType(names[2])), groupSize: groupSize, bits: bits)
      return rows.tensor(
        kvHeads: layer.facts.kvHeads, rowCount: layer.rowCount, tokens: layer.facts.tokens,
        headDim: layer.facts.headDim)
    }
  }

  private static func facts(_ layers: [MLXLayer], _ states: MLXStates) throws -> ForeignFacts {
    var facts = ForeignFacts(
      path: states.file.path, format: MLXFormat.formatName, layers: layers.map(\.facts),
      keyType: .common(layers.map(\.keyType)), valueType: .common(layers.map(\.valueType)), keyConvention: .transformers
    )
    facts.provenance["source.format"] = "mlx-lm prompt cache, layout of \(states.dialect.rawValue)"
    for layer in layers {
      guard case .quantized(let groupSize, let bits) = layer.coding else { continue }
      let loss = ConversionLoss(
        .rounding, "keys and values were quantised to \(bits) bits in groups of \(groupSize) by mlx-lm")
      if !facts.losses.contains(loss) { facts.losses.append(loss) }
      facts.isQuantised = true
    }
    if states.hasModelState {
      facts.losses.append(ConversionLoss(.dropped, "the state that the model keeps besides the cache is left out"))
    }
    let user = states.user
    if let text = user[EmbeddedFacts.descriptionKey] { try EmbeddedFacts.add(text, to: &facts) }
    if let text = user[EmbeddedFacts.tokensKey] { try EmbeddedFacts.addTokens(text, to: &facts) }
    for (name, text) in user where name != EmbeddedFacts.descriptionKey && name != EmbeddedFacts.tokensKey {
      facts.provenance["mlx.\(name)"] = text
    }
    if facts.model.name.isEmpty { facts.model.name = user["model"] ?? "" }
    return facts
  }
}
