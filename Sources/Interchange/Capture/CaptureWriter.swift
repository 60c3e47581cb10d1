import FileIO
import KVCacheModel

/// Writes a captured cache layer by layer into a safetensors file (formats/capture.md), whole or not at all.
///
/// Holds no tensor: memory is the header's and whatever the caller has of one layer.
public final class CaptureWriter {
  /// What the file declares; every layer must be as it says.
  public let description: CacheDescription
  private let probeFirstPosition: Int
  private let writer: SafetensorsWriter
  private var nextLayer = 0

  /// Opens a temporary next to `path` and writes everything but the layers.
  ///
  /// The geometry must have a layer, and `description.tokens`, where they are known, no fewer than any layer caches.
  /// `probeFirstPosition` is the position of the first probe query in every layer; without it, probe queries are those
  /// of the last positions.
  ///
  /// - Throws: `CaptureError.value` for a description with numbers that a capture cannot hold (infinite, not positive,
  ///   beyond the format's limits), `SafetensorsError.headerLength`, `FileError`.
  public convenience init(path: String, description: CacheDescription, probeFirstPosition: Int? = nil) throws {
    try self.init(
      to: FileDestination(path: path), description: description, probeFirstPosition: probeFirstPosition)
  }

  /// Opens a sink of any destination; otherwise as the initializer with a path.
  public init(
    to destination: any ByteDestination, description: CacheDescription, probeFirstPosition: Int? = nil
  ) throws {
    let geometry = description.geometry
    precondition(!geometry.layers.isEmpty, "a capture has at least one layer")
    precondition(description.tokens.map { $0.count >= geometry.tokens } ?? true, "fewer tokens than a layer caches")
    let firstProbe = probeFirstPosition ?? max(0, geometry.endPosition - description.probeQueries)
    let metadata = try CaptureMetadata.texts(of: description, probeFirstPosition: firstProbe, path: destination.name)
    self.description = description
    self.probeFirstPosition = firstProbe
    let first = description.tokens.map { geometry.firstPosition(ofTokens: $0.count) } ?? 0
    writer = try SafetensorsWriter(
      to: destination, tensors: Self.declarations(description, withPositions: first > 0), metadata: metadata)
    if let tokens = description.tokens {
      try writer.append(tokens, to: CaptureKey.tokens)
      if first > 0 {
        try writer.append(tokens.indices.map { Int32(first + $0) }, to: CaptureKey.positions)
      }
    }
  }

  /// Adds the next layer; layers come in order, from 0.
  ///
  /// Shapes and types must be those of the description, `queries` nil just where it has no probe queries.
  ///
  /// - Throws: `FileError` if the disk is full or fails.
  public func write(layer: Int, key: CacheTensor, value: CacheTensor, queries: ProbeQueries?) throws {
    precondition(layer == nextLayer && layer < description.geometry.layers.count, "layers come in order")
    let shape = description.geometry.layers[layer]
    for (kind, tensor) in [(CacheKind.key, key), (.value, value)] {
      precondition(
        tensor.kvHeads == shape.kvHeads && tensor.tokens == shape.tokens && tensor.headDim == shape.headDim
          && tensor.elementType == description.elementType(of: kind), "not the declared shape or type")
      try writer.append(tensor.bytes, to: CaptureKey.tensor(layer, kind.name))
    }
    precondition((queries == nil) == (description.probeQueries == 0), "probe queries as declared")
    if let queries {
      precondition(
        queries.heads == shape.queryHeads && queries.count == description.probeQueries
          && queries.headDim == shape.headDim && queries.firstPosition == probeFirstPosition,
        "not the declared probe queries")
      try writer.append(queries.elements, to: CaptureKey.tensor(layer, "query"))
    }
    nextLayer += 1
  }

  /// Makes the file durable under its name; every layer must be written.
  ///
  /// - Throws: `FileError`.
  public func commit() throws {
    precondition(nextLayer == description.geometry.layers.count, "layers are missing")
    try writer.commit()
  }

  /// Writes a whole cache, one layer at a time in memory; `afterLayer` is called with each layer that is done.
  ///
  /// - Throws: as `init`, and whatever `source` throws; then nothing is left behind.
  public static func write(
    _ source: some CacheSource, to path: String, afterLayer: (Int) throws -> Void = { _ in }
  ) throws {
    try write(source, to: FileDestination(path: path), afterLayer: afterLayer)
  }

  /// Writes a whole cache to any destination; otherwise as the function with a path.
  public static func write(
    _ source: some CacheSource, to destination: any ByteDestination, afterLayer: (Int) throws -> Void = { _ in }
  ) throws {
    let description = source.description
    let firstProbe = description.probeQueries > 0 ? try source.probeQueries(layer: 0)?.firstPosition : nil
    let writer = try CaptureWriter(to: destination, description: description, probeFirstPosition: firstProbe)
    for layer in description.geometry.layers.indices {
      try writer.write(
        layer: layer, key: source.tensor(.key, layer: layer), value: source.tensor(.value, layer: layer),
        queries: source.probeQueries(layer: layer))
      try afterLayer(layer)
    }
    try writer.commit()
  }

  private static func declarations(
    _ description: CacheDescription, withPositions: Bool
  ) -> [SafetensorsWriter.Declaration] {
    var result: [SafetensorsWriter.Declaration] = []
    if let tokens = description.tokens {
      result.append(.init(CaptureKey.tokens, .int32, shape: [tokens.count]))
      if withPositions { result.append(.init(CaptureKey.positions, .int32, shape: [tokens.count])) }
    }
    for (index, layer) in description.geometry.layers.enumerated() {
      for kind in CacheKind.allCases {
        result.append(
          .init(
            CaptureKey.tensor(index, kind.name), SafetensorsDataType(description.elementType(of: kind)),
            shape: [layer.kvHeads, layer.tokens, layer.headDim]))
      }
      if description.probeQueries > 0 {
        result.append(
          .init(
            CaptureKey.tensor(index, "query"), .float32,
            shape: [layer.queryHeads, description.probeQueries, layer.headDim]))
      }
    }
    return result
  }
}
