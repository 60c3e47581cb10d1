import FileIO
import KVCacheModel

/// Writes a cache as a llama.cpp sequence or session file, a layer at a time.
public struct LlamaStateWriter: Sendable {
  public let format: LlamaStateFormat
  private let description: CacheDescription
  private let cells: LlamaCellLayout
  /// The token after the cache's last, if the header is to list it.
  private let nextToken: Int32?
  /// The layers of each blob, in layer order.
  private let members: [[Int]]

  /// Checks that the cache can be said in `format`: the layers of one blob must hold the same positions. With two
  /// blobs, layers whose `slidingWindow` is set go into the second.
  ///
  /// - Throws: `LlamaStateError.unevenLayers` naming the first layer that differs, `.unsuitableCells`.
  public init(
    description: CacheDescription, format: LlamaStateFormat, cells: LlamaCellLayout = LlamaCellLayout(),
    nextToken: Int32? = nil
  ) throws {
    precondition(format.container.writableVersions.contains(format.version) && !format.hasOutputs, "not written")
    try cells.check(description)
    self.format = format
    self.description = description
    self.cells = cells
    self.nextToken = nextToken
    let layers = description.geometry.layers
    members = (0..<format.blobCount).map { blob in
      layers.indices.filter { format.blobCount == 1 || (layers[$0].slidingWindow != nil) == (blob == 1) }
    }
    for blob in members {
      guard let first = blob.first else { continue }
      for layer in blob
      where layers[layer].tokens != layers[first].tokens || layers[layer].firstPosition != layers[first].firstPosition {
        throw LlamaStateError.unevenLayers(layer: layer)
      }
    }
  }

  /// The bytes that `write` appends.
  public var byteCount: Int {
    header.count + (0..<members.count).reduce(0) { $0 + blobByteCount($1) }
  }

  /// Appends the whole state. The description's tokens go into the header, cut to the cached positions; without
  /// them the header has none. Positions and sequence 0 go into the cells, the architecture into a session's header.
  ///
  /// - Throws: what `source` throws, `FileError` if writing failed.
  public func write(_ source: some CacheSource, to file: AtomicFile, afterLayer: (Int) throws -> Void = { _ in }) throws
  {
    try file.append(header)
    for blob in members.indices { try writeBlob(blob, source, to: file, afterLayer: afterLayer) }
  }

  private var header: [UInt8] {
    var header = LittleEndianBytes()
    let tokens = tokens + [nextToken].compactMap { $0 }
    header.append(format.container.magic)
    header.append(format.version)
    header.append(UInt32(tokens.count))
    for token in tokens { header.append(token) }
    guard format.container == .session else { return header.bytes }
    let architecture = Array(description.model.architecture.utf8)
    header.append(UInt32(architecture.count))
    return header.bytes + architecture
  }

  /// The tokens from position 0 to the cache's end; none where they begin later.
  private var tokens: ArraySlice<Int32> {
    let all = description.tokens ?? []
    let geometry = description.geometry
    return geometry.firstPosition(ofTokens: all.count) == 0 ? all.prefix(geometry.endPosition) : []
  }

  private func token(at position: Int) -> Int32 { position < tokens.count ? tokens[position] : -1 }

  /// Where a blob without layers of its own (every layer slides) has its cells' positions from.
  private func shape(_ blob: Int) -> LayerGeometry? {
    (members[blob].first ?? members.first(where: { !$0.isEmpty })?.first).map { description.geometry.layers[$0] }
  }

  private func rotation(_ blob: Int) -> LlamaCellRotation {
    cells.rotation(members[blob].map { description.geometry.layers[$0] }, description)
  }

  private func scattering(_ kind: CacheKind, _ blob: Int) -> LlamaCellScattering {
    let rotation = rotation(blob)
    return LlamaCellScattering(
      type: cells.cellType(kind, description.elementType(of: kind)),
      rotation: kind == .key ? rotation.key : rotation.value,
      isTransposed: kind == .value && cells.transposesValues)
  }

  private func blobByteCount(_ blob: Int) -> Int {
    guard let shape = shape(blob), shape.tokens > 0 else { return format.hasStreamCount ? 8 : 4 }
    let layers = members[blob].map { description.geometry.layers[$0] }
    return format.blobHeaderBytes + shape.tokens * format.cellBytes
      + CacheKind.allCases.reduce(0) { sum, kind in
        let scattering = scattering(kind, blob)
        return layers.reduce(sum) { $0 + scattering.byteCount($1) }
      }
  }

  private func writeBlob(
    _ blob: Int, _ source: some CacheSource, to file: AtomicFile, afterLayer: (Int) throws -> Void
  ) throws {
    var header = LittleEndianBytes()
    if format.hasStreamCount { header.append(UInt32(1)) }
    guard let shape = shape(blob), shape.tokens > 0 else {
      header.append(UInt32(0))
      return try file.append(header.bytes)
    }
    header.append(UInt32(shape.tokens))
    for position in shape.firstPosition..<shape.firstPosition + shape.tokens {
      header.append(Int32(position))
      header.append(UInt32(1))
      if format.cellExtensionBytes > 0 {
        header.append(Int32(position))
        header.append(Int32(position))
        if format.cellExtensionBytes > 8 { header.append(token(at: position)) }
      }
      header.append(Int32(0))
    }
    header.append(UInt32(cells.transposesValues ? 1 : 0))
    header.append(UInt32(members[blob].count))
    if format.hasRotationFields {
      header.append(UInt32(rotation(blob).key))
      header.append(UInt32(rotation(blob).value))
    }
    try file.append(header.bytes)
    for kind in CacheKind.allCases {
      let scattering = scattering(kind, blob)
      for layer in members[blob] {
        try file.append(scattering.bytes(source.tensor(kind, layer: layer), description.geometry.layers[layer]))
        if kind == .value { try afterLayer(layer) }
      }
    }
  }
}

/// Integers one after another, least significant byte first.
struct LittleEndianBytes {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
