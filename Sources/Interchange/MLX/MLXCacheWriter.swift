import FileIO
import KVCacheModel

/// Writes prompt caches that mlx-lm's `load_prompt_cache` reads (formats/mlx.md), whole or not at all.
///
/// Keys are written with the elements of a head in the order that `source` has; who wants them in the order of the
/// model's MLX weights converts before. Layers without a window become `KVCache`, others `RotatingKVCache`.
public enum MLXCacheWriter {
  /// Writes a cache, one layer at a time in memory; `afterLayer` is called with each layer that is done.
  ///
  /// - Parameters:
  ///   - dialect: which mlx-lm shall read it; each version reads its own dialect only.
  ///   - model: what `mlx_lm.generate` compares with its `--model`; nil takes the model's name.
  /// - Throws: `ForeignError.cannotWrite` for a layer that begins after position 0 without a window, or holds fewer
  ///   tokens than its window needs to go on; `FileError`; whatever `source` throws. Then nothing is left behind.
  public static func write(
    _ source: some CacheSource, to path: String, dialect: MLXDialect = .scalarTensors, model: String? = nil,
    afterLayer: (Int) throws -> Void = { _ in }
  ) throws {
    let description = source.description
    let layers = try description.geometry.layers.enumerated().map { try Layer($0.offset, $0.element) }
    let writer = try SafetensorsWriter(
      path: path, tensors: declarations(description, layers, dialect),
      metadata: try metadata(description, layers, dialect, model: model, path: path))
    for (index, layer) in layers.enumerated() {
      for (part, kind) in [CacheKind.key, .value].enumerated() {
        let tensor = try source.tensor(kind, layer: index)
        let name = "\(index).\(part)"
        // A row of zeros for each head where the layer is one token short; the next token overwrites it.
        let row = tensor.headDim * tensor.elementType.byteCount
        for head in 0..<tensor.kvHeads where layer.padding > 0 || head == 0 {
          guard layer.padding > 0 else {
            try writer.append(tensor.bytes, to: name)
            break
          }
          try writer.append([UInt8](repeating: 0, count: layer.padding * row), to: name)
          try writer.append(tensor.bytes[head * tensor.tokens * row..<(head + 1) * tensor.tokens * row], to: name)
        }
      }
      if dialect == .scalarTensors {
        for (place, value) in layer.scalars.enumerated() {
          try writer.append([Int32(value)], to: "\(index).\(2 + place)")
        }
      }
      try afterLayer(index)
    }
    try writer.commit()
  }

  /// A layer as one of mlx-lm's objects.
  private struct Layer {
    var className = "KVCache"
    /// Rows of zeros before the tokens.
    var padding = 0
    /// Tokens and padding.
    var rows: Int
    /// Integers of the object's state, in the order of the newer dialect.
    var scalars: [Int]
    /// The same in the order of the older dialect; empty where that keeps none.
    var texts: [Int] = []

    init(_ index: Int, _ layer: LayerGeometry) throws {
      rows = layer.tokens
      scalars = [layer.endPosition]
      guard let window = layer.slidingWindow else {
        guard layer.firstPosition == 0 else {
          throw ForeignError.cannotWrite(
            format: "mlx-lm's KVCache", what: "the first position of layer \(index)",
            found: String(layer.firstPosition))
        }
        return
      }
      // Once full, the ring overwrites its oldest row with each token; it must therefore hold `window` rows, of which
      // the oldest is never seen again.
      if layer.firstPosition > 0, layer.tokens < window {
        guard layer.tokens == window - 1 else {
          throw ForeignError.cannotWrite(
            format: "mlx-lm's RotatingKVCache", what: "the number of tokens of layer \(index)",
            found: "\(layer.tokens), fewer than a window of \(window) needs,")
        }
        padding = 1
        rows = window
      }
      className = "RotatingKVCache"
      scalars = [layer.endPosition, 0, window, rows]
      texts = [0, window, layer.endPosition, rows]
    }
  }

  private static func declarations(
    _ description: CacheDescription, _ layers: [Layer], _ dialect: MLXDialect
  ) -> [SafetensorsWriter.Declaration] {
    zip(description.geometry.layers, layers).enumerated().flatMap { index, pair in
      let shape = [1, pair.0.kvHeads, pair.1.rows, pair.0.headDim]
      var result = [
        SafetensorsWriter.Declaration("\(index).0", SafetensorsDataType(description.keyType), shape: shape),
        SafetensorsWriter.Declaration("\(index).1", SafetensorsDataType(description.valueType), shape: shape),
      ]
      if dialect == .scalarTensors {
        result += pair.1.scalars.indices.map { .init("\(index).\(2 + $0)", .int32, shape: []) }
      }
      return result
    }
  }

  private static func metadata(
    _ description: CacheDescription, _ layers: [Layer], _ dialect: MLXDialect, model: String?, path: String
  ) throws -> [String: String] {
    let user = dialect.userIndex
    // `mlx_lm.generate` asks for the first two.
    var texts = ["\(user).model": model ?? description.model.name, "\(user).tokenizer_config": "{}"]
    texts["\(user).\(EmbeddedFacts.descriptionKey)"] = try EmbeddedFacts.descriptionText(description, path: path)
    if let tokens = description.tokens {
      texts["\(user).\(EmbeddedFacts.tokensKey)"] = EmbeddedFacts.tokensText(tokens)
    }
    var named = 0
    if dialect == .scalarTensors { texts["2.0"] = "" }
    for (index, layer) in layers.enumerated() {
      texts["\(dialect.classIndex).\(index)"] = layer.className
      switch dialect {
      case .stateTexts:
        if layer.texts.isEmpty { texts["0.\(index)"] = "" }
        for (place, value) in layer.texts.enumerated() { texts["0.\(index).\(place)"] = String(value) }
      case .scalarTensors:
        for place in layer.scalars.indices {
          named += 1
          texts["2.\(named).0"] = "\(index).\(2 + place)"
          texts["2.\(named).1"] = "scalar"
        }
      }
    }
    return texts
  }
}
