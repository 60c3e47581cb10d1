import KVCacheModel

/// Transformers' `DynamicCache` as safetensors (formats/transformers.md).
public struct TransformersFormat: CacheFormat {
  static let formatName = "transformers"

  public init() {}

  public var name: String { Self.formatName }
  public var summary: String { "Transformers cache, safetensors with a K and a V tensor a layer" }
  public var directions: FormatDirections { .both }
  public var cannotCarry: [String] { ["probe queries"] }
  public var keyConvention: KeyConvention? { .transformers }

  /// Whether some tensors are named and shaped as keys or values of layer 0, or as those of all layers, in no file of
  /// another known kind.
  public func recognises(_ item: FormatItem) -> Bool {
    guard let file = item.safetensors, MLXDialect(metadata: file.metadata) == nil,
      file.metadata[CaptureKey.format] != CaptureKey.formatName
    else { return false }
    let named = file.names.filter { TensorNaming($0) != nil }
    if named.isEmpty, let stacks = try? StackedTensors(file) {
      return stacks.pairs.allSatisfy { [StoredPair].dimensions($0.key.shape) != nil }
    }
    return named.contains { TensorNaming($0)?.layer == 0 }
      && named.allSatisfy { [StoredPair].dimensions(file.tensors[$0]?.shape ?? []) != nil }
  }

  public func open(_ path: String, supplied: SuppliedFacts) throws -> any ForeignCache {
    try TransformersCacheFile(path: path)
  }

  public func write(
    _ source: any CacheSource, to path: String, options: WriteOptions, afterLayer: (Int) throws -> Void
  ) throws -> [ConversionLoss] {
    try TransformersCacheWriter.write(source, to: path, afterLayer: afterLayer)
    return source.description.probeQueries > 0 ? [ConversionLoss(.dropped, "probe queries are left out")] : []
  }
}
