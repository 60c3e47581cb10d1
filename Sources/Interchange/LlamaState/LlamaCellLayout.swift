import KVCacheModel

/// How the cells of a state file are to be written: a llama.cpp context loads a file only if they are as its own.
public struct LlamaCellLayout: Hashable, Sendable {
  /// The types of keys and values (`-ctk`, `-ctv`); nil keeps the cache's element type.
  public var keyType: LlamaCellType?
  public var valueType: LlamaCellType?
  /// Whether values lie channel by channel, as in contexts without flash attention (`-fa off`).
  public var transposesValues = false

  public init(keyType: LlamaCellType? = nil, valueType: LlamaCellType? = nil, transposesValues: Bool = false) {
    self.keyType = keyType
    self.valueType = valueType
    self.transposesValues = transposesValues
  }

  /// The type of cells of keys or values whose elements are of `type`.
  func cellType(_ kind: CacheKind, _ type: ElementType) -> LlamaCellType {
    (kind == .key ? keyType : valueType) ?? LlamaCellType(type)
  }

  /// The rotation that llama.cpp applies before it stores such cells: `LlamaCellRotation.standard` for quantised ones,
  /// if all layers of the memory have one head dimension; else none.
  func rotation(_ layers: [LayerGeometry], _ description: CacheDescription) -> LlamaCellRotation {
    guard let dim = layers.first?.headDim, layers.allSatisfy({ $0.headDim == dim }) else { return .none }
    let standard = LlamaCellRotation.standard(headDim: dim)
    return LlamaCellRotation(
      key: cellType(.key, description.keyType).isQuantised ? standard.key : 0,
      value: cellType(.value, description.valueType).isQuantised ? standard.value : 0)
  }

  /// Throws if llama.cpp has no such cells: quantised and transposed values, head dimensions that are no whole blocks,
  /// types that are not written.
  func check(_ description: CacheDescription) throws {
    for (layer, shape) in description.geometry.layers.enumerated() {
      for kind in CacheKind.allCases {
        let type = cellType(kind, description.elementType(of: kind))
        let isTransposed = kind == .value && transposesValues
        guard shape.headDim % type.blockElements == 0, type.canEncode, !(type.isQuantised && isTransposed) else {
          throw LlamaStateError.unsuitableCells(
            layer: layer, kind: kind, type: type, headDim: shape.headDim, isTransposed: isTransposed)
        }
      }
    }
  }
}
