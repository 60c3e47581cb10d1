import KVCacheModel

/// What the layers of a state file's sequence look like, from the file and what was supplied.
struct LlamaStateShape {
  /// Keys or values of all layers.
  struct Cells {
    var type: LlamaCellType
    /// Whether a Hadamard rotation has to be undone.
    var isRotated: Bool

    /// What they come as: their own type, or Float32 where numbers must be computed.
    var elementType: ElementType { isRotated ? .float32 : type.elementType ?? .float32 }
    var isLossy: Bool { isRotated || type.isQuantised }
    /// `q8_0`, `q8_0, rotated`.
    var label: String { type.name + (isRotated ? ", rotated" : "") }
  }

  var layers: [LayerGeometry]
  var keys: Cells
  var values: Cells

  /// What the numbers have lost before.
  var losses: [ConversionLoss] {
    [(CacheKind.key, keys), (.value, values)].compactMap { kind, cells in
      guard cells.isLossy else { return nil }
      let rotated = cells.isRotated ? " after a Hadamard rotation" : ""
      return ConversionLoss(.rounding, "\(kind.name)s were stored as \(cells.type.name)\(rotated)")
    }
  }

  /// - Throws: `LlamaStateError`, `MissingFacts`, `FactConflict`.
  init(state: LlamaStateFile, supplied: SuppliedFacts) throws {
    let path = state.file.path
    let selections = try LlamaStateSelection.select(supplied.sequence, of: state)
    let windows = supplied.model?.layers.map(\.slidingWindow)
    if selections.count == 2, windows == nil { throw MissingFacts(path: path, facts: [.slidingLayers]) }
    let count = selections.reduce(0) { $0 + $1.stream.keys.count }
    if let windows, windows.count != count {
      throw FactConflict(path: path, what: "layers", file: "\(count)", supplied: "\(windows.count)")
    }
    guard count > 0 else { throw LlamaStateError.empty(path: path) }

    var next = [Int](repeating: 0, count: selections.count)
    var layers: [LayerGeometry] = []
    for layer in 0..<count {
      let window = windows?[layer]
      let memory = selections.count == 2 && window != nil ? 1 : 0
      let (stream, cells, index) = (selections[memory].stream, selections[memory].cells, next[memory])
      guard index < stream.keys.count, index < stream.values.count else {
        throw LlamaStateError.layerMismatch(
          path: path, layer: layer, what: "layers with keys and values in memory \(memory)", expected: index + 1,
          found: min(stream.keys.count, stream.values.count))
      }
      next[memory] += 1
      let type = try Self.type(.key, layer, stream.keys[index], path)
      let features = type.elements(inBytes: stream.keys[index].rowBytes) ?? 0
      let heads = try Self.heads(features, layer, supplied, path)
      layers.append(
        LayerGeometry(
          kvHeads: heads.count, queryHeads: heads.count, headDim: heads.dim, tokens: cells.count,
          firstPosition: cells.first.map { Int(stream.positions[$0]) } ?? 0, slidingWindow: window))
    }
    self.layers = layers

    guard let stream = selections.map(\.stream).first(where: { !$0.keys.isEmpty && !$0.values.isEmpty }) else {
      throw LlamaStateError.empty(path: path)
    }
    func cells(_ kind: CacheKind, _ tensor: LlamaStateStream.Tensor) throws -> Cells {
      let type = try Self.type(kind, 0, tensor, path)
      if let stated = stream.rotation {
        return Cells(type: type, isRotated: (kind == .key ? stated.key : stated.value) > 0)
      }
      guard type.isQuantised, layers[0].headDim % 64 == 0 else { return Cells(type: type, isRotated: false) }
      guard let isRotated = supplied.cellsAreRotated else { throw MissingFacts(path: path, facts: [.cellRotation]) }
      return Cells(type: type, isRotated: isRotated)
    }
    keys = try cells(.key, stream.keys[0])
    values = try cells(.value, stream.values[0])
  }

  private static func type(_ kind: CacheKind, _ layer: Int, _ tensor: LlamaStateStream.Tensor, _ path: String) throws
    -> LlamaCellType
  {
    guard let type = LlamaCellType(rawValue: tensor.typeCode) else {
      throw LlamaStateError.unsupportedType(path: path, layer: layer, kind: kind, code: tensor.typeCode)
    }
    return type
  }

  /// The heads of a layer whose tokens have `features` numbers.
  private static func heads(_ features: Int, _ layer: Int, _ supplied: SuppliedFacts, _ path: String) throws -> (
    count: Int, dim: Int
  ) {
    let known = supplied.model?.layers[layer]
    let (count, dim) = (known?.kvHeads ?? supplied.kvHeads, known?.headDim ?? supplied.headDim)
    let part = count ?? dim
    guard let part else { throw MissingFacts(path: path, facts: [.headDim]) }
    guard part > 0, features > 0, features % part == 0, count == nil || dim == nil || count! * dim! == features else {
      throw FactConflict(
        path: path, what: "heads × head dimension of layer \(layer)", file: "\(features)",
        supplied: "\(count.map(String.init) ?? "?") × \(dim.map(String.init) ?? "?")")
    }
    return (count ?? features / part, dim ?? features / part)
  }
}
