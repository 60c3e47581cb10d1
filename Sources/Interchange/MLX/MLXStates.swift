import KVCacheModel

/// The flattened Python values in a prompt cache, looked up by layer and place, whatever the dialect.
struct MLXStates {
  let file: SafetensorsFile
  let dialect: MLXDialect

  /// The class name of each layer.
  ///
  /// - Throws: `ForeignError.missing` for a layer whose tensors are there without a class.
  func classes() throws -> [String] {
    var classes: [String] = []
    while let name = file.metadata["\(dialect.classIndex).\(classes.count)"] {
      // mlx-swift-lm marks classes of files that hold a model's state besides the cache.
      classes.append(String(name.split(separator: ":").last ?? ""))
    }
    for name in file.names where !name.hasPrefix(Self.statePrefix) {
      guard let layer = Int(name.prefix { $0 != "." }), layer >= 0, layer < classes.count else {
        throw ForeignError.missing(path: file.path, what: "class name for tensor \"\(excerpt(name))\"")
      }
    }
    return classes
  }

  /// How tensors and texts of a model's own state begin in mlx-swift-lm's files.
  private static let statePrefix = "__mlx_lm_state_"

  /// Whether the file holds a model's state besides the cache.
  var hasModelState: Bool { file.names.contains { $0.hasPrefix(Self.statePrefix) } }

  /// The user's metadata: whatever `save_prompt_cache` was given.
  var user: [String: String] {
    let prefix = "\(dialect.userIndex)."
    let state = prefix + Self.statePrefix
    return Dictionary(
      uniqueKeysWithValues: file.metadata.filter { $0.key.hasPrefix(prefix) && !$0.key.hasPrefix(state) }.map {
        (String($0.key.dropFirst(prefix.count)), $0.value)
      })
  }

  /// An integer of a layer's state: the tensor `layer.tensor` or, in the older dialect, text number `text` of the
  /// layer.
  func integer(_ layer: Int, tensor: Int, text: Int, what: String, in range: ClosedRange<Int>) throws -> Int {
    let name = dialect == .scalarTensors ? "\(layer).\(tensor)" : "0.\(layer).\(text)"
    let value = dialect == .scalarTensors ? try scalar(name, what) : try parsed(name, what)
    guard range.contains(value) else {
      throw ForeignError.invalid(
        path: file.path, what: "\(what) (\(name))", expected: "\(range.lowerBound)…\(range.upperBound)",
        found: String(value))
    }
    return value
  }

  /// How many state texts a layer has in the older dialect.
  func textCount(_ layer: Int) -> Int {
    var count = 0
    while file.metadata["0.\(layer).\(count)"] != nil { count += 1 }
    return count
  }

  /// (H, rows, elements) of a tensor, whose batch must be 1.
  func shape(_ name: String) throws -> (heads: Int, rows: Int, elements: Int) {
    guard let tensor = file.tensors[name] else {
      throw ForeignError.missing(path: file.path, what: "tensor \"\(name)\"")
    }
    let shape = tensor.shape
    guard shape.count == 4, shape[0] == 1, 1...CaptureLimit.dimension ~= shape[1],
      shape[2] <= CaptureLimit.position, 1...CaptureLimit.dimension ~= shape[3]
    else {
      throw ForeignError.shape(path: file.path, tensor: name, expected: "[1, heads, tokens, dims]", found: shape)
    }
    return (shape[1], shape[2], shape[3])
  }

  /// The float type of a tensor.
  func floatType(_ name: String) throws -> ElementType {
    let found = try file.tensor(name).dataType
    guard let type = ElementType(safetensorsName: found.rawValue) else {
      throw ForeignError.unsupported(path: file.path, what: "dtype of \(name)", found: found.rawValue)
    }
    return type
  }

  private func scalar(_ name: String, _ what: String) throws -> Int {
    guard let tensor = file.tensors[name] else {
      throw ForeignError.missing(path: file.path, what: "\(what) (tensor \"\(name)\")")
    }
    guard tensor.shape.isEmpty, tensor.dataType == .int32 || tensor.dataType == .int64 else {
      throw ForeignError.invalid(
        path: file.path, what: "\(what) (\(name))", expected: "one I32 or I64",
        found: "\(tensor.dataType.rawValue) \(tensor.shape)")
    }
    let bytes = try file.read(name)
    return tensor.dataType == .int32
      ? Int(bytes.littleEndian(as: Int32.self)[0]) : Int(bytes.littleEndian(as: Int64.self)[0])
  }

  private func parsed(_ name: String, _ what: String) throws -> Int {
    guard let text = file.metadata[name] else {
      throw ForeignError.missing(path: file.path, what: "\(what) (metadata \"\(name)\")")
    }
    guard let value = Int(text) else {
      throw ForeignError.invalid(path: file.path, what: "\(what) (\(name))", expected: "an integer", found: text)
    }
    return value
  }
}
