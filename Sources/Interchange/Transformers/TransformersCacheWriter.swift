import KVCacheModel

/// Writes caches as safetensors from which Transformers' `DynamicCache` is rebuilt (formats/transformers.md).
public enum TransformersCacheWriter {
  /// Writes a cache, one layer at a time in memory; `afterLayer` is called with each layer that is done.
  ///
  /// Tensors are `layers.{l}.keys` and `layers.{l}.values` of shape [1, H, T, D], and `input_ids` (I64 [1, N]) where
  /// tokens are known. Keys are written as `source` has them.
  ///
  /// - Throws: `CaptureError.value` for a description that a capture cannot hold, `FileError`, whatever `source`
  ///   throws. Then nothing is left behind.
  public static func write(
    _ source: some CacheSource, to path: String, afterLayer: (Int) throws -> Void = { _ in }
  ) throws {
    let description = source.description
    var tensors: [SafetensorsWriter.Declaration] = []
    if let tokens = description.tokens { tensors.append(.init("input_ids", .int64, shape: [1, tokens.count])) }
    for (index, layer) in description.geometry.layers.enumerated() {
      for kind in CacheKind.allCases {
        tensors.append(
          .init(
            name(index, kind), SafetensorsDataType(description.elementType(of: kind)),
            shape: [1, layer.kvHeads, layer.tokens, layer.headDim]))
      }
    }
    let writer = try SafetensorsWriter(
      path: path, tensors: tensors,
      metadata: [
        "format": "pt",
        EmbeddedFacts.descriptionKey: try EmbeddedFacts.descriptionText(description, path: path),
      ])
    if let tokens = description.tokens { try writer.append(tokens.map { Int64($0).littleEndian }, to: "input_ids") }
    for layer in description.geometry.layers.indices {
      for kind in CacheKind.allCases {
        try writer.append(try source.tensor(kind, layer: layer).bytes, to: name(layer, kind))
      }
      try afterLayer(layer)
    }
    try writer.commit()
  }

  private static func name(_ layer: Int, _ kind: CacheKind) -> String { "layers.\(layer).\(kind.name)s" }
}
