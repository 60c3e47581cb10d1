import FileIO
import KVCacheModel

/// A llama.cpp state file as a cache, read a layer at a time: rows sorted by position, heads outermost.
public final class LlamaStateCache: CacheSource {
  public let description: CacheDescription
  private let state: LlamaStateFile
  private let queries: [ProbeQueries]
  /// For each layer its blob, and its index within it.
  private let places: [(blob: Int, index: Int)]
  /// For each blob the file's cell indices in order of their positions.
  private let order: [[Int]]

  /// Takes the file's layers for what `description` says they are.
  ///
  /// A file does not name its layers. With one blob they are layers 0 ..< L; with two, the layers whose
  /// `slidingWindow` is set are in the second. A layer's geometry may ask for fewer positions than the file holds.
  ///
  /// - Parameter queries: probe queries to hand out beside the file, one a layer, or none.
  /// - Throws: `LlamaStateError.layerMismatch` if layers, heads or element types differ from the description,
  ///   `missingPosition` if a layer lacks a position that its geometry names, `unsupportedType` for element types
  ///   other than F16, BF16 and F32.
  public init(state: LlamaStateFile, description: CacheDescription, queries: [ProbeQueries] = []) throws {
    precondition(queries.isEmpty || queries.count == description.geometry.layers.count)
    self.state = state
    self.description = description
    self.queries = queries
    order = state.blobs.map { blob in blob.positions.indices.sorted { blob.positions[$0] < blob.positions[$1] } }

    var next = [Int](repeating: 0, count: state.blobs.count)
    places = description.geometry.layers.map { layer in
      let blob = state.blobs.count == 2 && layer.slidingWindow != nil ? 1 : 0
      defer { next[blob] += 1 }
      return (blob, next[blob])
    }
    for (blob, count) in next.enumerated() {
      try Self.expect(state, 0, "layers in memory \(blob)", count, state.blobs[blob].keys.count)
      try Self.expect(state, 0, "layers with values in memory \(blob)", count, state.blobs[blob].values.count)
    }
    for layer in places.indices {
      try check(layer, .key)
      try check(layer, .value)
      try checkPositions(layer)
    }
  }

  public func probeQueries(layer: Int) -> ProbeQueries? { queries.isEmpty ? nil : queries[layer] }

  /// Keys or values of one layer; memory is about twice the layer's bytes in the file while it is read.
  ///
  /// - Throws: `FileError` if reading failed.
  public func tensor(_ kind: CacheKind, layer: Int) throws -> CacheTensor {
    let shape = description.geometry.layers[layer]
    let stored = stored(kind, layer)
    let cells = cells(layer)
    let data = try state.file.read(
      at: stored.offset, count: state.blobs[places[layer].blob].positions.count * stored.rowBytes)
    let type = description.elementType(of: kind)
    var bytes = [UInt8](repeating: 0, count: shape.elementCount * type.byteCount)
    data.withUnsafeBytes { source in
      bytes.withUnsafeMutableBytes { target in
        if stored.isTransposed {
          Self.gatherChannels(source, target, shape, cells, type.byteCount)
        } else {
          Self.gatherRows(source, target, shape, cells, type.byteCount)
        }
      }
    }
    return CacheTensor(
      kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim, elementType: type, bytes: bytes)
  }

  private func stored(_ kind: CacheKind, _ layer: Int) -> LlamaStateBlob.Tensor {
    let blob = state.blobs[places[layer].blob]
    return (kind == .key ? blob.keys : blob.values)[places[layer].index]
  }

  /// The file's cells that the layer's geometry asks for, in order of position.
  private func cells(_ layer: Int) -> ArraySlice<Int> {
    let shape = description.geometry.layers[layer]
    let (blob, order) = (state.blobs[places[layer].blob], order[places[layer].blob])
    let first = order.firstIndex { Int(blob.positions[$0]) >= shape.firstPosition } ?? order.endIndex
    return order[first..<min(order.endIndex, first + shape.tokens)]
  }

  private func check(_ layer: Int, _ kind: CacheKind) throws {
    let tensor = stored(kind, layer)
    let type = description.elementType(of: kind)
    guard let found = ElementType(ggmlCode: tensor.typeCode) else {
      throw LlamaStateError.unsupportedType(
        path: state.file.path, layer: layer, kind: kind, code: tensor.typeCode)
    }
    try Self.expect(state, layer, "\(kind.name) type code", Int(type.ggmlCode), Int(found.ggmlCode))
    let features = description.geometry.layers[layer].features
    try Self.expect(state, layer, "\(kind.name) bytes a token", features * type.byteCount, tensor.rowBytes)
  }

  private func checkPositions(_ layer: Int) throws {
    let shape = description.geometry.layers[layer]
    let blob = state.blobs[places[layer].blob]
    let cells = cells(layer)
    for (token, position) in (shape.firstPosition..<shape.firstPosition + shape.tokens).enumerated() {
      guard token < cells.count, Int(blob.positions[cells[cells.startIndex + token]]) == position else {
        throw LlamaStateError.missingPosition(path: state.file.path, layer: layer, position: position)
      }
    }
  }

  private static func expect(_ state: LlamaStateFile, _ layer: Int, _ what: String, _ expected: Int, _ found: Int)
    throws
  {
    guard expected == found else {
      throw LlamaStateError.layerMismatch(
        path: state.file.path, layer: layer, what: what, expected: expected, found: found)
    }
  }

  /// (cell, H, D) to (H, T, D).
  private static func gatherRows(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, _ shape: LayerGeometry,
    _ cells: ArraySlice<Int>, _ elementBytes: Int
  ) {
    let headBytes = shape.headDim * elementBytes
    let rowBytes = shape.kvHeads * headBytes
    for (token, cell) in cells.enumerated() {
      for head in 0..<shape.kvHeads {
        let from = cell * rowBytes + head * headBytes
        let to = (head * shape.tokens + token) * headBytes
        target[to..<to + headBytes].copyBytes(from: source[from..<from + headBytes])
      }
    }
  }

  /// (H, D, cell) to (H, T, D).
  private static func gatherChannels(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, _ shape: LayerGeometry,
    _ cells: ArraySlice<Int>, _ elementBytes: Int
  ) {
    let cellCount = source.count / (shape.features * elementBytes)
    for channel in 0..<shape.features {
      let (head, dim) = channel.quotientAndRemainder(dividingBy: shape.headDim)
      for (token, cell) in cells.enumerated() {
        let from = (channel * cellCount + cell) * elementBytes
        let to = ((head * shape.tokens + token) * shape.headDim + dim) * elementBytes
        target[to..<to + elementBytes].copyBytes(from: source[from..<from + elementBytes])
      }
    }
  }
}

extension ElementType {
  /// ggml's code of the type: F32 0, F16 1, BF16 30.
  var ggmlCode: Int32 {
    switch self {
    case .float32: 0
    case .float16: 1
    case .bfloat16: 30
    }
  }

  /// The type with that ggml code; nil for quantised and integer types.
  init?(ggmlCode: Int32) {
    guard let match = Self.allCases.first(where: { $0.ggmlCode == ggmlCode }) else { return nil }
    self = match
  }
}
