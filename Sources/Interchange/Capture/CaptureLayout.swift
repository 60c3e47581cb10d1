import KVCacheModel

/// Compares a capture's tensors with what its metadata declare.
struct CaptureLayout {
  let file: SafetensorsFile

  /// Refuses more layers than the file has tensors, so that a small file cannot ask for the memory of many layers.
  func checkCount(_ layers: Int) throws(CaptureError) {
    guard layers > file.names.count else { return }
    var missing = 0
    while file.tensors[CaptureKey.tensor(missing, CacheKind.key.name)] != nil { missing += 1 }
    throw CaptureError.missingTensor(path: file.path, tensor: CaptureKey.tensor(missing, CacheKind.key.name))
  }

  /// The element types of keys and values, after every layer's tensors have passed.
  func check(_ facts: CaptureFacts) throws -> (key: ElementType, value: ElementType) {
    var known: Set<String> = []
    for (index, layer) in facts.geometry.layers.enumerated() {
      let cached = [layer.kvHeads, layer.tokens, layer.headDim]
      for kind in CacheKind.allCases {
        let name = CaptureKey.tensor(index, kind.name)
        try check(name, shape: cached)
        known.insert(name)
      }
      if facts.probeQueries > 0 {
        let name = CaptureKey.tensor(index, "query")
        let found = try check(name, shape: [layer.queryHeads, facts.probeQueries, layer.headDim])
        guard found == .float32 || found == .float16 else {
          throw CaptureError.dataType(path: file.path, tensor: name, expected: "F32 or F16", found: found)
        }
        known.insert(name)
      }
    }
    for name in file.names where name.hasPrefix("layers.") && !known.contains(name) {
      throw CaptureError.unexpectedTensor(path: file.path, tensor: name)
    }
    let count = facts.geometry.layers.count
    return (try elementType(.key, layers: count), try elementType(.value, layers: count))
  }

  /// Token ids, nil where the capture has none; `positions` with them must be those of the cache's end.
  func tokens(_ geometry: CacheGeometry) throws -> [Int32]? {
    guard let tensor = file.tensors[CaptureKey.tokens] else {
      guard file.tensors[CaptureKey.positions] == nil else {
        throw CaptureError.missingTensor(path: file.path, tensor: CaptureKey.tokens)
      }
      return nil
    }
    guard tensor.shape.count == 1, tensor.shape[0] >= geometry.tokens else {
      throw CaptureError.shape(
        path: file.path, tensor: CaptureKey.tokens, declared: [geometry.tokens], found: tensor.shape)
    }
    let tokens = try integers(CaptureKey.tokens, count: tensor.shape[0])
    let first = geometry.firstPosition(ofTokens: tokens.count)
    guard file.tensors[CaptureKey.positions] != nil else {
      guard first == 0 else {
        throw CaptureError.missingTensor(path: file.path, tensor: CaptureKey.positions)
      }
      return tokens
    }
    for (index, position) in try integers(CaptureKey.positions, count: tokens.count).enumerated()
    where Int(position) != first + index {
      throw CaptureError.position(path: file.path, index: index, expected: first + index, found: Int(position))
    }
    return tokens
  }

  @discardableResult
  private func check(_ name: String, shape: [Int]) throws -> SafetensorsDataType {
    guard let tensor = file.tensors[name] else {
      throw CaptureError.missingTensor(path: file.path, tensor: name)
    }
    guard tensor.shape == shape else {
      throw CaptureError.shape(path: file.path, tensor: name, declared: shape, found: tensor.shape)
    }
    return tensor.dataType
  }

  /// The one type that keys or values of all layers have.
  private func elementType(_ kind: CacheKind, layers: Int) throws -> ElementType {
    var common: ElementType?
    for layer in 0..<layers {
      let name = CaptureKey.tensor(layer, kind.name)
      let found = try file.tensor(name).dataType
      let type = ElementType(safetensorsName: found.rawValue)
      guard let type, common == nil || common == type else {
        throw CaptureError.dataType(
          path: file.path, tensor: name,
          expected: common.map { "\($0.safetensorsName) as in the layers before" } ?? "F16, BF16 or F32",
          found: found)
      }
      common = type
    }
    return common!
  }

  private func integers(_ name: String, count: Int) throws -> [Int32] {
    let found = try check(name, shape: [count])
    guard found == .int32 else {
      throw CaptureError.dataType(path: file.path, tensor: name, expected: "I32", found: found)
    }
    return try file.read(name).littleEndian(as: UInt32.self).map(Int32.init(bitPattern:))
  }
}
