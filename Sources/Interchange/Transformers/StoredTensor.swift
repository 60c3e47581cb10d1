import KVCacheModel

/// A tensor of keys or values in some file: what it is called there, its shape and type, and how to get its bytes.
struct StoredTensor: Sendable {
  var name: String
  /// [1, H, T, D] or [H, T, D], as Transformers has them.
  var shape: [Int]
  /// The type by the file's own name.
  var typeName: String
  /// nil for a type that is none of the three.
  var type: ElementType?
  /// All elements, row-major and little-endian.
  var read: @Sendable () throws -> [UInt8]
}

/// One layer of a cache that is stored as two tensors a layer.
struct StoredPair: Sendable {
  var key: StoredTensor
  var value: StoredTensor
  /// The position after the last cached token, where the file says it.
  var endPosition: Int?
  /// W, where the file says it.
  var slidingWindow: Int?
}

extension [StoredPair] {
  /// What the tensors say of the cache, after all shapes and types have passed.
  ///
  /// All layers have seen the same tokens: one that holds fewer than the longest holds the last of them.
  ///
  /// - Throws: `ForeignError`.
  func facts(path: String, format: String) throws -> ForeignFacts {
    let shapes = try map { pair in
      let (key, value) = (try Self.dimensions(pair.key, path), try Self.dimensions(pair.value, path))
      guard key == value else {
        throw ForeignError.shape(
          path: path, tensor: pair.value.name, expected: "that of the keys", found: pair.value.shape)
      }
      return key
    }
    let longest = shapes.map(\.tokens).max() ?? 0
    let layers = try zip(self, shapes).map { pair, shape in
      let end = pair.endPosition ?? longest
      guard shape.tokens <= end, end <= CaptureLimit.position else {
        throw ForeignError.invalid(
          path: path, what: "length of \"\(pair.key.name)\"", expected: "at least \(shape.tokens) tokens",
          found: "\(end)")
      }
      return ForeignFacts.Layer(
        kvHeads: shape.heads, headDim: shape.dims, tokens: shape.tokens, firstPosition: end - shape.tokens,
        slidingWindow: pair.slidingWindow)
    }
    return ForeignFacts(
      path: path, format: format, layers: layers, keyType: try type(\.key, path), valueType: try type(\.value, path),
      keyConvention: .transformers)
  }

  /// Keys or values of a layer whose facts are `facts`.
  func tensor(_ kind: CacheKind, layer: Int, facts: ForeignFacts) throws -> CacheTensor {
    let shape = facts.layers[layer]
    let tensor = kind == .key ? self[layer].key : self[layer].value
    return CacheTensor(
      kvHeads: shape.kvHeads, tokens: shape.tokens, headDim: shape.headDim, elementType: tensor.type!,
      bytes: try tensor.read()
    ).widened(to: kind == .key ? facts.keyType : facts.valueType)
  }

  /// The type of all keys or values, or Float32 where layers differ.
  private func type(_ part: KeyPath<StoredPair, StoredTensor>, _ path: String) throws -> ElementType {
    ElementType.common(
      try map { pair in
        let tensor = pair[keyPath: part]
        guard let type = tensor.type else {
          throw ForeignError.unsupported(
            path: path, what: "the type of \"\(tensor.name)\"", found: tensor.typeName)
        }
        return type
      })
  }

  private static func dimensions(
    _ tensor: StoredTensor, _ path: String
  ) throws -> (heads: Int, tokens: Int, dims: Int) {
    guard let result = dimensions(tensor.shape) else {
      throw ForeignError.shape(
        path: path, tensor: tensor.name, expected: "[1, heads, tokens, dims] or [heads, tokens, dims]",
        found: tensor.shape)
    }
    return result
  }

  /// H, T and D of a shape; nil if it is none of a cache of one sequence.
  static func dimensions(_ shape: [Int]) -> (heads: Int, tokens: Int, dims: Int)? {
    let inner = shape.count == 4 && shape[0] == 1 ? [Int](shape[1...]) : shape
    guard inner.count == 3, 1...CaptureLimit.dimension ~= inner[0], 0...CaptureLimit.position ~= inner[1],
      1...CaptureLimit.dimension ~= inner[2]
    else { return nil }
    return (inner[0], inner[1], inner[2])
  }
}
