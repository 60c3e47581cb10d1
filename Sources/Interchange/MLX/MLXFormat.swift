import KVCacheModel

/// mlx-lm's prompt cache (formats/mlx.md).
public struct MLXFormat: CacheFormat {
  static let formatName = "mlx"

  public init() {}

  public var name: String { Self.formatName }
  public var summary: String { "mlx-lm prompt cache, a safetensors file" }
  public var directions: FormatDirections { .both }
  public var cannotCarry: [String] { ["probe queries", "layers that begin after position 0 without a window"] }
  public var keyConvention: KeyConvention? { .transformers }

  public func recognises(_ item: FormatItem) -> Bool {
    item.safetensors.map { MLXDialect(metadata: $0.metadata) != nil } ?? false
  }

  public func open(_ path: String, supplied: SuppliedFacts) throws -> any ForeignCache { try MLXCacheFile(path: path) }

  public func write(
    _ source: any CacheSource, to path: String, options: WriteOptions, afterLayer: (Int) throws -> Void
  ) throws -> [ConversionLoss] {
    try MLXCacheWriter.write(
      source, to: path, dialect: options.mlxDialect ?? .scalarTensors, model: options.modelName, afterLayer: afterLayer)
    return source.description.probeQueries > 0 ? [ConversionLoss(.dropped, "probe queries are left out")] : []
  }
}
