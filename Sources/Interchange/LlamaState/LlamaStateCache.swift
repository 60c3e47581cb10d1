import FileIO
import KVCacheModel

/// A llama.cpp state file as a cache, read a layer at a time: rows sorted by position, heads outermost.
public final class LlamaStateCache: CacheSource {
  public let description: CacheDescription
  private let state: LlamaStateFile
  private let isRotated: Bool
  private let queries: [ProbeQueries]
  /// The stream of each memory that holds the sequence, and its cells in order of their positions.
  private let selections: [LlamaStateSelection]
  /// For each layer its memory, and its index within it.
  private let places: [(memory: Int, index: Int)]

  /// Takes the file's layers for what `description` says they are.
  ///
  /// A file does not name its layers. With one memory they are layers 0 ..< L; with two, the layers whose
  /// `slidingWindow` is set are in the second. A layer's geometry may ask for fewer positions than the file holds.
  ///
  /// - Parameters:
  ///   - sequence: which sequence's cells to take; nil takes the only one.
  ///   - isRotated: whether quantised cells were rotated as llama.cpp does it, where the file's version does not say.
  ///   - queries: probe queries to hand out besides the file, one a layer, or none.
  /// - Throws: `LlamaStateError.severalSequences` if `sequence` is nil and there are more;
  ///   `layerMismatch` if layers, heads or element types differ from the description;
  ///   `missingPosition` if a layer lacks a position that its geometry names; `unsupportedType` for types that
  ///   `LlamaCellType` does not have.
  public init(
    state: LlamaStateFile, description: CacheDescription, sequence: Int32? = nil, isRotated: Bool = false,
    queries: [ProbeQueries] = []
  ) throws {
    precondition(queries.isEmpty || queries.count == description.geometry.layers.count)
    self.state = state
    self.description = description
    self.queries = queries
    let selections = try LlamaStateSelection.select(sequence, of: state)
    self.selections = selections
    self.isRotated = isRotated

    var next = [Int](repeating: 0, count: selections.count)
    places = description.geometry.layers.map { layer in
      let memory = selections.count == 2 && layer.slidingWindow != nil ? 1 : 0
      defer { next[memory] += 1 }
      return (memory, next[memory])
    }
    for (memory, count) in next.enumerated() {
      let stream = selections[memory].stream
      try Self.expect(state, 0, "layers in memory \(memory)", count, stream.keys.count)
      try Self.expect(state, 0, "layers with values in memory \(memory)", count, stream.values.count)
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
    let stored = stored(kind, layer)
    let stream = selections[places[layer].memory].stream
    let data = try state.file.read(at: stored.offset, count: stream.positions.count * stored.rowBytes)
    let gathering = LlamaCellGathering(
      shape: description.geometry.layers[layer], cells: cells(layer), type: description.elementType(of: kind))
    return gathering.tensor(
      data, of: LlamaCellType(rawValue: stored.typeCode)!, isTransposed: stored.isTransposed,
      rotation: rotation(kind, layer))
  }

  /// Elements that the rotation of a layer's keys or values spans; 0 for none.
  private func rotation(_ kind: CacheKind, _ layer: Int) -> Int {
    var rotation = LlamaCellRotation.none
    if let stated = selections[places[layer].memory].stream.rotation {
      rotation = stated
    } else if isRotated, LlamaCellType(rawValue: stored(kind, layer).typeCode)?.isQuantised == true {
      rotation = .standard(headDim: description.geometry.layers[layer].headDim)
    }
    return kind == .key ? rotation.key : rotation.value
  }

  private func stored(_ kind: CacheKind, _ layer: Int) -> LlamaStateStream.Tensor {
    let stream = selections[places[layer].memory].stream
    return (kind == .key ? stream.keys : stream.values)[places[layer].index]
  }

  /// The stream's cells that the layer's geometry asks for, in order of position.
  private func cells(_ layer: Int) -> ArraySlice<Int> {
    let shape = description.geometry.layers[layer]
    let selection = selections[places[layer].memory]
    let cells = selection.cells
    let first = cells.firstIndex { Int(selection.stream.positions[$0]) >= shape.firstPosition } ?? cells.endIndex
    return cells[first..<min(cells.endIndex, first + shape.tokens)]
  }

  private func check(_ layer: Int, _ kind: CacheKind) throws {
    let tensor = stored(kind, layer)
    let type = description.elementType(of: kind)
    guard let found = LlamaCellType(rawValue: tensor.typeCode), !(found.isQuantised && tensor.isTransposed) else {
      throw LlamaStateError.unsupportedType(
        path: state.file.path, layer: layer, kind: kind, code: tensor.typeCode)
    }
    let shape = description.geometry.layers[layer]
    let rotation = rotation(kind, layer)
    let isPlain = rotation == 0 && !found.isQuantised
    try Self.expect(
      state, layer, "\(kind.name) type code", Int(LlamaCellType(type).rawValue),
      Int(isPlain ? found.rawValue : LlamaCellType.f32.rawValue))
    try Self.expect(
      state, layer, "\(kind.name)s a token", shape.features, found.elements(inBytes: tensor.rowBytes) ?? 0)
    if rotation > 0 {
      try Self.expect(state, layer, "rest of \(kind.name)s over their rotation", 0, shape.headDim % rotation)
    }
  }

  private func checkPositions(_ layer: Int) throws {
    let shape = description.geometry.layers[layer]
    let positions = selections[places[layer].memory].stream.positions
    let cells = cells(layer)
    for (token, position) in (shape.firstPosition..<shape.firstPosition + shape.tokens).enumerated() {
      guard token < cells.count, Int(positions[cells[cells.startIndex + token]]) == position else {
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
}
